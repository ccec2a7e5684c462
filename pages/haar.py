"""How a face is found: the five steps of Viola and Jones, from the integral image to the detector."""

from emotion.i18n import _
from emotion.ui.haar import boosting, cascade, detector, features, integral
from emotion.ui.lesson import mark_done
from emotion.ui.page import heading
from emotion.ui.views import open_tab

heading(
    _("How a face is found"),
    _(
        "Viola and Jones, 2001: a face is darker at the eyes than on the cheeks, and thousands of such small questions "
        "find it in a moment. Five steps, with every number laid open."
    ),
)

views = {
    "integral": (_("Integral image"), integral.show),
    "features": (_("Haar features"), features.show),
    "boosting": (_("AdaBoost"), boosting.show),
    "cascade": (_("Cascade"), cascade.show),
    "detector": (_("Detector"), detector.show),
}
open_view, place = open_tab("haar", {key: label for key, (label, _show) in views.items()})
with place:
    views[open_view][1]()
mark_done("haar")
