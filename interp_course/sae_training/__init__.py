"""Train sparse autoencoders: see `loop.train` and `config.TrainingConfig`."""

from interp_course.sae_training.checkpoints import CheckpointError
from interp_course.sae_training.config import TrainingConfig
from interp_course.sae_training.loop import train
from interp_course.sae_training.resampling import resample

__all__ = ["CheckpointError", "TrainingConfig", "resample", "train"]
