"""The recipe as pydantic models: every key of the TOML file, its type, its range and its one default.

In: parsed TOML. Out: frozen models. Never: file access; whether a folder or a model exists is asked by who uses it.
The field descriptions are the comments that `loraset init` writes.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from loraset.images import css_color
from loraset.ops.framing import TARGETS
from loraset.registry import nearest


class Section(BaseModel):
    """A table of the recipe: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Subject(Section):
    """[subject]: who the pictures show."""

    trigger: str = Field(default="", description="first word of every caption when given")
    class_: str = Field(default="", alias="class", description='what it is in plain words, such as "plush toy"')
    shared: bool = Field(default=True, description="all pictures show one subject; false: each stands alone")

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class Input(Section):
    """[input]: where the pictures are."""

    paths: list[str] = Field(default=[], description="folders, files, globs, .zip or .tar; relative to this file")
    recursive: bool = Field(default=True, description="look into subfolders")
    captions: Literal["sidecar", "none"] = Field(
        default="sidecar", description="sidecar: <stem>.txt or .caption beside the picture"
    )
    masks: str = Field(
        default="",
        description="folder of masks or points, same stems (also <stem>.mask.png, <stem>.points.json beside a picture)",
    )
    max_pixels: int = Field(
        default=200_000_000, gt=0, description="larger pictures are refused before they are decoded"
    )
    min_side_px: int = Field(default=256, ge=1, description="smaller pictures are rejected")
    animated: Literal["first-frame", "skip"] = Field(default="first-frame", description="what to do with animations")


class Output(Section):
    """[output]: what is written where."""

    dir: str = Field(default="", description="default: <name>-set beside this file")
    masters: bool = Field(default=False, description="also write each cut-out at the photo's full size")
    rejected: bool = Field(default=False, description="also write the cut-outs of rejected pictures")


KeepRule = Literal["sharpness", "pixels", "bytes"]


class Dedupe(Section):
    """[dedupe]: copies of the same photo."""

    exact: bool = Field(default=True, description="same bytes or same pixels")
    near: bool = Field(default=True, description="resized, re-encoded, slightly cropped")
    max_distance_bits: int = Field(default=6, ge=0, le=32, description="of 64; higher calls more pictures copies")
    mirrored: bool = Field(default=True, description="a mirrored copy is a copy")
    keep: list[KeepRule] = Field(
        default=["sharpness", "pixels", "bytes"],
        min_length=1,
        description="which copy is kept: the most of the first, then of the next",
    )


ENGINE_NAMES = ("auto", "cosegment", "rembg", "key", "plate", "alpha", "given")


class MaskSettings(Section):
    """[mask]: who cuts the subject out."""

    engine: str | list[str] = Field(
        default="auto",
        description="auto, cosegment (:none, no model), rembg (:<model>), key, plate, alpha, given; or a list, joined",
    )
    model: str = Field(
        default="isnet-general-use", description="for rembg and auto: a local model of rembg's, or a path to an .onnx"
    )
    repair: bool = Field(
        default=True, description="let the set correct an engine's mask where the other pictures contradict it"
    )
    look_again: bool = Field(
        default=True,
        description="ask a model that works alone again, about the picture mirrored and from afar, unless its mask "
        "leaves no doubt: the score is surer, and most photos take three times as long",
    )
    key_color: str = Field(default="auto", description="colour of the screen for engine key: auto or a CSS colour")
    plate: str | list[str] = Field(
        default="", description="photo(s) of the empty set, or folders of them: for engine plate and auto"
    )

    @property
    def name(self) -> str:
        """The engine in words: joined ones with a plus between."""
        return self.engine if isinstance(self.engine, str) else " + ".join(self.engine)

    @field_validator("engine")
    @classmethod
    def _known_engine(cls, value: str | list[str]) -> str | list[str]:
        names = [value] if isinstance(value, str) else value
        if not names:
            raise ValueError("an empty list names no engine")
        for name in names:
            if name.split(":", 1)[0] not in ENGINE_NAMES:
                close = nearest(name, ENGINE_NAMES)
                meant = f" Did you mean {close}?" if close else ""
                raise ValueError(f"there is no engine {name!r}.{meant} There are {', '.join(ENGINE_NAMES)}")
        return value

    @field_validator("key_color")
    @classmethod
    def _key_color(cls, value: str) -> str:
        if value != "auto":
            css_color(value)
        return value


class Matte(Section):
    """[matte]: the soft edge."""

    method: Literal["band", "vitmatte", "none"] = Field(
        default="band",
        description="band: solved round the mask's edge; vitmatte: by a network there; none: the mask as it is",
    )
    working_size: Literal["output", "full"] = Field(
        default="output", description="output: at the size that is trained; full: at the photo's own"
    )


class Decontaminate(Section):
    """[decontaminate]: the true colour of the edge."""

    foreground: Literal["multilevel", "none"] = Field(
        default="multilevel", description="none: the photo's colours, background and all"
    )
    light: Literal["auto", "linear", "srgb"] = Field(
        default="auto", description="the light in which edges were mixed: photos linear, drawings srgb"
    )
    despill: Literal["auto", "on", "off"] = Field(
        default="auto", description="takes a screen's colour off; auto: where the picture was keyed; on: also where not"
    )


class Limits(Section):
    """[select.limits]: the thresholds of the reason codes, of which blurry has three.

    blurry, dark, overexposed and too_small are given to no picture where more than half of a set are beyond both this
    threshold and the default: that is the subject's or the recipe's. A stricter one than the default thus flags more.
    """

    blurry: float = Field(default=0.15, ge=0, le=1, description="review below this sharpness of the subject")
    less_sharp: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="blurry, too, below this share of the set's usual sharpness: needs 5 pictures of one subject",
    )
    moved: float = Field(default=11.0, ge=0, description="blurry, too, where it moved by more px of the output")
    dark: float = Field(default=0.14, ge=0, le=1, description="review below this mean lightness of the subject")
    overexposed: float = Field(
        default=0.15, ge=0, le=1, description="review above this share of clipped white on the subject"
    )
    halo: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="review where the old background is seen in the edge more than this: 0 not at all, 1 glaringly",
    )
    subject_cut_off: float = Field(
        default=0.22, ge=0, le=1, description="review above this share of the outline lying on the photo's edge"
    )
    too_small: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="review below this size of the subject: its px in the photo over the output's",
    )
    mask_uncertain: float = Field(
        default=0.3, ge=0, le=1, description="review above this chance that the mask is wrong"
    )
    engines_disagree: float = Field(
        default=0.25, ge=0, le=1, description="review above this disagreement of joined engines"
    )
    no_subject: float = Field(default=0.004, ge=0, le=1, description="reject below this share of the photo")
    odd_one_out: float = Field(default=0.85, ge=0, le=1, description="review below this fit to the set's subject")


class Select(Section):
    """[select]: what is kept."""

    min_score: float = Field(default=0.5, ge=0, le=1, description="below: reject")
    review_below: float = Field(default=0.75, ge=0, le=1, description="below: a person should look")
    max_images: int = Field(default=0, ge=0, description="0: no limit; else the best and most different")
    subject_duplicates: bool = Field(
        default=True, description="copies of the subject in one pose are dropped, whatever stands behind it"
    )
    limits: Limits = Limits()


class FrameSettings(Section):
    """[frame]: the output's shape."""

    target: Literal["", "sd15", "sdxl", "flux", "qwen-image", "wan"] = Field(
        default="",
        description="sd15; sdxl; flux; qwen-image; wan: the base model sets resolution and step where not written",
    )
    mode: Literal["bucket", "square", "keep"] = Field(
        default="bucket", description="bucket: the trainer's nearest shape; square; keep: the photo as it is"
    )
    resolution: int = Field(default=1024, ge=64, le=8192, description="side of the square of the bucket's area")
    step: int = Field(default=64, ge=1, le=512, description="sides are multiples of this")
    margin: float = Field(default=0.06, ge=0, le=1, description="free space, as a share of the subject's box")
    upscale: bool = Field(default=False, description="enlarge small subjects; false: padded instead")

    @model_validator(mode="before")
    @classmethod
    def _of_target(cls, data: Any) -> Any:
        table = TARGETS.get(str(data.get("target"))) if isinstance(data, dict) else None
        return {"resolution": table.resolution, "step": table.step} | data if table else data

    @model_validator(mode="after")
    def _step_fits(self) -> "FrameSettings":
        if self.step > self.resolution:
            raise ValueError(f"step {self.step} is larger than resolution {self.resolution}")
        return self


class Variant(Section):
    """[variants.<name>]: one background."""

    background: str = Field(description="a CSS colour, transparent, original, blur:<px> or random-named")
    under: str = Field(default="#808080", description="the colour under alpha 0, for transparent")

    @field_validator("background")
    @classmethod
    def _background(cls, value: str) -> str:
        if value in ("transparent", "original", "random-named"):
            return value
        if value.startswith("blur:"):
            try:
                radius = float(value[5:])
            except ValueError:
                radius = -1.0
            if not 0 < radius <= 500:
                raise ValueError(f"{value!r}: write blur:<px> with a radius from 1 to 500, such as blur:24")
            return value
        css_color(value)
        return value

    @field_validator("under")
    @classmethod
    def _under(cls, value: str) -> str:
        css_color(value)
        return value


class Captions(Section):
    """[captions]: the text beside each picture."""

    style: Literal["tags", "prose", "none"] = Field(
        default="tags", description='tags: "grey background, simple background"; prose: "on a plain gray background"'
    )


class Export(Section):
    """[export]: folders for trainers."""

    trainers: list[str] = Field(
        default=["kohya"],
        description="whose folders to write: kohya, musubi-tuner, onetrainer, ai-toolkit, simpletuner, diffusers, "
        "diffusion-pipe, invoke-training, plain, zip",
    )
    verdicts: list[Literal["keep", "review"]] = Field(
        default=["keep", "review"], min_length=1, description="which pictures go into it"
    )
    repeats: int = Field(default=10, ge=1, le=1000, description="how often an epoch shows each picture")
    masks: Literal["tight", "dilated"] = Field(
        default="tight", description="dilated: grown by a latent pixel, so that thin parts are trained too"
    )
    root: str = Field(
        default="", description="put before the paths in trainers' configurations: where exports will lie"
    )


class RunSettings(Section):
    """[run]: how the work is done; of these only the seed changes a result."""

    jobs: int = Field(default=0, ge=0, le=256, description="0: one per core")
    seed: int = Field(default=0, ge=0, description="for everything that draws at random")
    provider: Literal["auto", "cuda", "rocm", "migraphx", "directml", "openvino", "coreml", "cpu"] = Field(
        default="auto", description="where models run; auto: the best that works here"
    )
    accept_licenses: list[str] = Field(default=[], description="non-commercial model licences must be named here")


VariantName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)]

DEFAULT_VARIANTS = {
    "gray": Variant(background="#808080"),
    "white": Variant(background="white"),
    "transparent": Variant(background="transparent", under="#808080"),
}


class Recipe(Section):
    """A whole recipe. `Recipe()` is the default one."""

    schema_: Literal[1] = Field(default=1, alias="schema", description="version of this format")
    name: str = Field(
        default="dataset", min_length=1, max_length=80, description="names the output folder and the trainer's concept"
    )
    subject: Subject = Subject()
    input: Input = Input()
    output: Output = Output()
    dedupe: Dedupe = Dedupe()
    mask: MaskSettings = MaskSettings()
    matte: Matte = Matte()
    decontaminate: Decontaminate = Decontaminate()
    select: Select = Select()
    frame: FrameSettings = FrameSettings()
    variants: dict[VariantName, Variant] = Field(default=DEFAULT_VARIANTS, min_length=1)
    captions: Captions = Captions()
    export: Export = Export()
    run: RunSettings = RunSettings()

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)
