"""The label, explanation and key of each setting's widget, in the course deck's words."""

from typing import Any

from emotion.cnn.config import CHANGE_NAMES
from emotion.i18n import N_, _
from emotion.ui.training.settings import change_key, key_of
from emotion.ui.training.words import setting_name

_EXPLAINED = {
    "epochs": N_("How often the network sees all training images. More is better until the validation curve turns."),
    "batch_size": N_(
        "How many images it looks at before the weights move once. Larger is faster and smoother, up to a point."
    ),
    "architecture": N_("How the layers are stacked. The course’s network is the default."),
    "size": N_("Side of the images in pixels. FER2013’s faces have 48; twice the side takes four times as long."),
    "learning_rate": N_(
        "How far a weight moves at each step. Too small: it crawls. Too large: the loss jumps about or explodes."
    ),
    "optimiser": N_(
        "The rule that moves the weights. Adam gives every weight a pace of its own; AdamW also keeps weights small; "
        "SGD follows the slope with momentum."
    ),
    "weight_decay": N_(
        "Draws all weights a little towards 0 at each step, which keeps the network from learning by heart."
    ),
    "schedule": N_("How the learning rate changes over the epochs: large steps first, small ones to finish."),
    "warmup": N_("Epochs in which the rate first climbs from 0, because the start is shaky."),
    "label_smoothing": N_("This share of each answer is spread over all classes: the network need not be 100% sure."),
    "class_weights": N_(
        "Images of a rare class weigh more: every class counts the same, and “disgust” is not drowned by “happy”."
    ),
    "ema": N_(
        "Measures and keeps a running average of the weights (EMA), which is steadier than the last ones. 0 is off."
    ),
    "patience": N_("Ends early, after so many epochs without a better validation accuracy. 0 never does."),
    "images": N_("A fair sample of every class instead of all images: quicker, less accurate. 0 takes all."),
    "votes": N_(
        "0 learns the label alone; 1 learns how ten people voted, so that a doubtful face stays doubtful. "
        "Validation is measured by the same mixture."
    ),
    "neighbours": N_("For classes in an order, such as ages: the next group is not as wrong as the one far away."),
    "teachers": N_("A trained model whose answers are learned beside the labels (distillation)."),
    "taught": N_("0 learns the labels alone; 1 learns the teacher’s answers alone."),
    "unlabelled": N_(
        "The training images of another dataset, to learn from besides. The teacher’s answers are their targets; the "
        "names of their folders don’t matter."
    ),
    "start_from": N_(
        "A trained model instead of random weights: it can see already, and gets better or learns a new answer."
    ),
    "freeze": N_("What the model sees stays; only its answer is learned. Fast, and right for few images."),
    "name": N_("The model bundle’s folder. Empty: the dataset’s name with the network’s."),
    "task": N_("What is told apart: emotion, age, gender or something of your own. Empty: by the dataset."),
    "seed": N_("The same seed draws the same numbers, so that two runs can be compared."),
    "precision": N_("bfloat16 has fewer digits and trains up to twice as fast where the machine computes in it."),
}
_CHANGES_EXPLAINED = {
    "flip": N_("Every second image is mirrored left to right. A mirrored smile is still a smile."),
    "shift": N_("Moved by up to this share of the side."),
    "rotate": N_("Turned by up to so many degrees, both ways."),
    "zoom": N_("Larger or smaller by up to this share."),
    "brightness": N_("Lighter or darker by up to this share of white."),
    "contrast": N_("More or less contrast by up to this share."),
    "blur": N_("The chance that a face is coarse, as from far away or out of focus."),
    "erase": N_("The chance that a rectangle is blotted out, so that no single spot decides."),
    "mixup": N_("Mixup: two faces are blended and so are their answers. This is the α of the draw; 0 is off."),
}


def widget(field: str) -> dict[str, Any]:
    """Label, help and key for the widget of a setting."""
    here = {"name": _("Name of the model"), "images": _("Images at most (0: all)")}
    label = here.get(field) or setting_name(field)
    return {"label": label, "help": _(_EXPLAINED[field]), "key": key_of(field), "persist_state": "session"}


def change_widget(change: str) -> dict[str, Any]:
    """Label, help and key for the widget of a field of ``Augmentation``."""
    return {
        "label": _(CHANGE_NAMES[change]),
        "help": _(_CHANGES_EXPLAINED[change]),
        "key": change_key(change),
        "persist_state": "session",
    }
