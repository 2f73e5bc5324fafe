import pytest
from safetensors.torch import load_file, save_file

from safelight.families.contents import look_into
from safelight.files.folders import Folders
from safelight.graph.check import find_problems
from safelight.graph.document import Link
from tests.graph.families import CATALOG, put, put_controlnet, put_lora, put_tensors, related
from tests.studio import Graph, changed, node_of, text_to_image
from tests.timing import processor_seconds
from tests.tiny import Kind, tiny_vae

AT_FULL = {"strength_model": 1.0, "strength_clip": 1.0}
PLAIN: tuple[Kind, ...] = ("sd1", "sd2", "sd2_x4-v", "sdxl", "refiner")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """A home folder with a checkpoint of every kind, called by it."""
    folders = Folders.at(tmp_path_factory.mktemp("home"))
    folders.make()
    for kind in PLAIN:
        put(folders, kind, f"{kind}.safetensors")
    put_lora(folders, "detail.safetensors", 2048)
    put_lora(folders, "ink.safetensors", 768)
    put_lora(folders, "odd.safetensors", 96)
    put_controlnet(folders, "depth.safetensors", 2048)
    return folders


def with_lora(checkpoint: str, lora: str) -> Graph:
    """A picture by a checkpoint with a LoRA on it."""
    graph = text_to_image(checkpoint)
    loader = node_of(graph, "CheckpointLoaderSimple")
    added = graph.add("LoraLoader", model=Link(loader, 0), clip=Link(loader, 1), lora_name=lora, **AT_FULL)
    return changed(graph, "KSampler", model=Link(added, 0))


def second_checkpoint(graph: Graph, name: str) -> str:
    return graph.add("CheckpointLoaderSimple", ckpt_name=name)


def said(graph: Graph, folders: Folders) -> list[tuple[str, str]]:
    return [(problem.class_type, problem.input) for problem in related(graph, folders).problems]


@pytest.mark.parametrize("kind", PLAIN)
def test_what_comes_from_one_checkpoint_belongs_together(kind: Kind, folders: Folders) -> None:
    assert said(text_to_image(f"{kind}.safetensors"), folders) == []


def test_a_lora_of_another_family_is_refused_with_both_names_and_how_to_mend_it(folders: Folders) -> None:
    graph = with_lora("sd1.safetensors", "detail.safetensors")
    (problem,) = related(graph, folders).problems
    assert (problem.kind, problem.class_type, problem.input) == ("family_mismatch", "LoraLoader", "lora_name")
    assert problem.message == ("detail.safetensors is a LoRA for SDXL; the model comes from sd1.safetensors (SD 1.x).")
    assert problem.mend == "Choose a LoRA for SD 1.x, or a checkpoint of SDXL."


def test_for_a_family_that_is_not_supported_no_checkpoint_is_proposed(folders: Folders) -> None:
    put_tensors(folders, "loras", "flux.safetensors", {"lora_unet_double_blocks_0_img_attn_qkv.lora_up.weight": (4, 4)})
    (problem,) = related(with_lora("sdxl.safetensors", "flux.safetensors"), folders).problems
    assert problem.message.startswith("flux.safetensors is a LoRA for Flux; ")
    assert problem.mend == "Choose a LoRA for SDXL."


@pytest.mark.parametrize("lora", ["ink.safetensors", "odd.safetensors"])
def test_a_lora_that_fits_or_tells_nothing_is_not_refused(lora: str, folders: Folders) -> None:
    assert said(with_lora("sd1.safetensors", lora), folders) == []


def test_a_file_of_another_kind_is_refused_by_its_kind_and_told_where_it_belongs(folders: Folders) -> None:
    put_tensors(folders, "loras", "stray.safetensors", {"emb_params": (2, 2048)})
    (problem,) = related(with_lora("sd1.safetensors", "stray.safetensors"), folders).problems
    assert (problem.kind, problem.class_type, problem.input) == ("wrong_kind", "LoraLoader", "lora_name")
    assert problem.message == (
        "stray.safetensors is a textual inversion embedding for SDXL, which does not belong into the folder loras."
    )
    assert problem.mend == "Put it into the folder embeddings, and choose another file here."


def test_an_upscale_model_is_told_by_loading_it(folders: Folders) -> None:
    put_tensors(folders, "upscale_models", "new.safetensors", {"body.0.block1.weight": (2, 2)})  # as a T2I-Adapter's
    graph = text_to_image("sd1.safetensors")
    model = graph.add("UpscaleModelLoader", model_name="new.safetensors")
    image = Link(node_of(graph, "VAEDecode"))
    larger = graph.add("ImageUpscaleWithModel", upscale_model=Link(model), image=image)
    assert said(changed(graph, "SaveImage", images=Link(larger)), folders) == []


def test_a_controlnet_of_another_family_is_refused_where_it_is_applied(folders: Folders) -> None:
    graph = text_to_image("sd1.safetensors")
    sampler = graph[node_of(graph, "KSampler")].inputs
    control = graph.add("ControlNetLoader", control_net_name="depth.safetensors")
    applied = graph.add(
        "ControlNetApplyAdvanced",
        positive=sampler["positive"],
        negative=sampler["negative"],
        control_net=Link(control),
        image=Link(graph.add("LoadImage", image="edges.png")),
        strength=1.0,
        start_percent=0.0,
        end_percent=1.0,
    )
    graph = changed(graph, "KSampler", positive=Link(applied, 0), negative=Link(applied, 1))
    (problem,) = related(graph, folders).problems
    assert problem.input == "control_net"
    assert problem.message == (
        "The ControlNet comes from depth.safetensors (a ControlNet for SDXL); "
        "the prompt comes from sd1.safetensors (SD 1.x)."
    )


def test_prompts_of_another_family_are_refused_at_the_sampler(folders: Folders) -> None:
    graph = text_to_image("sd1.safetensors")
    other = second_checkpoint(graph, "sdxl.safetensors")
    for node, call in list(graph.items()):
        if call.class_type == "CLIPTextEncode":
            graph[node] = call._replace(inputs={**call.inputs, "clip": Link(other, 1)})
    assert said(graph, folders) == [("KSampler", "positive"), ("KSampler", "negative")]


def test_the_upscaler_reads_prompts_as_sd2_does_and_has_latents_of_its_own(folders: Folders) -> None:
    graph = text_to_image("sd2_x4-v.safetensors")
    other = second_checkpoint(graph, "sd2.safetensors")
    for node, call in list(graph.items()):
        if call.class_type == "CLIPTextEncode":
            graph[node] = call._replace(inputs={**call.inputs, "clip": Link(other, 1)})
    assert said(graph, folders) == []
    assert said(changed(graph, "VAEDecode", vae=Link(other, 2)), folders) == [("VAEDecode", "vae")]


def test_a_vae_of_another_latent_space_is_refused(folders: Folders) -> None:
    graph = text_to_image("sd1.safetensors")
    graph = changed(graph, "VAEDecode", vae=Link(second_checkpoint(graph, "sdxl.safetensors"), 2))
    (problem,) = related(graph, folders).problems
    assert (problem.class_type, problem.input) == ("VAEDecode", "vae")
    assert "sd1.safetensors" in problem.message
    assert "sdxl.safetensors" in problem.message
    assert problem.mend == "Link the VAE that belongs to sd1.safetensors."


@pytest.mark.parametrize(("first", "second"), [("sd1", "sd2"), ("sdxl", "refiner")])
def test_families_that_share_their_latents_share_vaes(first: str, second: str, folders: Folders) -> None:
    graph = text_to_image(f"{first}.safetensors")
    graph = changed(graph, "VAEDecode", vae=Link(second_checkpoint(graph, f"{second}.safetensors"), 2))
    assert said(graph, folders) == []


def sampled_again(graph: Graph, checkpoint: str) -> Graph:
    """The workflow, whose latent another checkpoint goes on with."""
    other = second_checkpoint(graph, checkpoint)
    first = node_of(graph, "KSampler")
    prompt = graph.add("CLIPTextEncode", clip=Link(other, 1), text="a cat")
    inputs = {**graph[first].inputs, "model": Link(other, 0), "positive": Link(prompt), "negative": Link(prompt)}
    again = graph.add("KSampler", **{**inputs, "latent_image": Link(first)})
    return changed(graph, "VAEDecode", samples=Link(again), vae=Link(other, 2))


def test_the_refiner_goes_on_with_latents_of_sdxl(folders: Folders) -> None:
    assert said(sampled_again(text_to_image("sdxl.safetensors"), "refiner.safetensors"), folders) == []


def test_latents_of_another_latent_space_are_refused_where_they_are_sampled(folders: Folders) -> None:
    graph = sampled_again(text_to_image("sd1.safetensors"), "sdxl.safetensors")
    (problem,) = related(graph, folders).problems
    assert (problem.class_type, problem.input) == ("KSampler", "latent_image")
    assert problem.mend == (
        "Decode it with the VAE of sd1.safetensors, and encode the picture again with the VAE of sdxl.safetensors."
    )


def test_families_may_change_by_way_of_pixels(folders: Folders) -> None:
    graph = sampled_again(text_to_image("sd1.safetensors"), "sdxl.safetensors")
    first, second = (node for node, call in graph.items() if call.class_type == "KSampler")
    decoded = graph.add("VAEDecode", samples=Link(first), vae=Link(node_of(graph, "CheckpointLoaderSimple"), 2))
    other = graph[second].inputs["model"]
    assert isinstance(other, Link)
    encoded = graph.add("VAEEncode", pixels=Link(decoded), vae=Link(other.node, 2))
    graph[second] = graph[second]._replace(inputs={**graph[second].inputs, "latent_image": Link(encoded)})
    assert said(graph, folders) == []


def test_models_are_merged_within_one_family_only(folders: Folders) -> None:
    for other, found in (("sd1", []), ("sd2", [("ModelMergeSimple", "model2")])):
        graph = text_to_image("sd1.safetensors")
        loader = node_of(graph, "CheckpointLoaderSimple")
        merged = graph.add(
            "ModelMergeSimple",
            model1=Link(loader),
            model2=Link(second_checkpoint(graph, f"{other}.safetensors")),
            ratio=0.5,
        )
        assert said(changed(graph, "KSampler", model=Link(merged)), folders) == found


def test_what_a_node_of_a_plugin_gives_is_never_refused(folders: Folders) -> None:
    graph = sampled_again(text_to_image("sd1.safetensors"), "sdxl.safetensors")
    first, second = (node for node, call in graph.items() if call.class_type == "KSampler")
    between = graph.add("LatentInterposer", samples=Link(first))
    graph[second] = graph[second]._replace(inputs={**graph[second].inputs, "latent_image": Link(between)})
    assert said(graph, folders) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a cat, embedding:toy, at night", [("CLIPTextEncode", "text")]),
        ("(embedding:toy.safetensors:1.2)", [("CLIPTextEncode", "text")]),
        ("embedding:absent", []),
        ("a toy", []),
    ],
)
def test_an_embedding_in_a_prompt_is_of_the_text_encoders_family(
    text: str, found: list[tuple[str, str]], folders: Folders
) -> None:
    put_tensors(folders, "embeddings", "toy.safetensors", {"emb_params": (2, 1024)})
    assert said(changed(text_to_image("sd1.safetensors"), "CLIPTextEncode", text=text), folders) == found
    assert said(changed(text_to_image("sd2.safetensors"), "CLIPTextEncode", text=text), folders) == []


def test_what_a_lora_was_put_on_is_not_told_by_the_lora(folders: Folders) -> None:
    (folders.directories["checkpoints"][0] / "unknown.safetensors").write_bytes(b"{")
    graph = with_lora("unknown.safetensors", "detail.safetensors")
    assert said(graph, folders) == []
    assert related(graph, folders).origins == {}


def test_a_vae_alone_is_of_any_family_unless_it_says(folders: Folders) -> None:
    path = tiny_vae(folders.directories["vae"][0] / "some.safetensors")
    graph = text_to_image("sdxl.safetensors")
    graph = changed(graph, "VAEDecode", vae=Link(graph.add("VAELoader", vae_name="some.safetensors")))
    assert said(graph, folders) == []
    save_file(load_file(path), path, {"modelspec.architecture": "stable-diffusion-v1/vae"})
    assert said(graph, folders) == [("VAEDecode", "vae")]


def test_a_file_that_cannot_be_read_is_left_to_the_run(folders: Folders) -> None:
    path = folders.directories["loras"][0] / "torn.safetensors"
    path.write_bytes(b"\x10\0\0\0\0\0\0\0{")
    assert said(with_lora("sd1.safetensors", "torn.safetensors"), folders) == []


def test_a_changed_file_is_looked_at_again(folders: Folders) -> None:
    put_lora(folders, "new.safetensors", 768)
    graph = with_lora("sd1.safetensors", "new.safetensors")
    assert said(graph, folders) == []
    put_lora(folders, "new.safetensors", 2048)
    assert said(graph, folders) == [("LoraLoader", "lora_name")]


def test_a_name_that_is_linked_is_not_looked_up(folders: Folders) -> None:
    graph = with_lora("sd1.safetensors", "detail.safetensors")
    name = graph.add("PrimitiveString", value="detail.safetensors")
    graph = changed(graph, "LoraLoader", lora_name=Link(name))
    assert said(graph, folders) == []


def test_two_hundred_nodes_are_checked_in_milliseconds(folders: Folders) -> None:
    graph = text_to_image("sd1.safetensors")
    loader = node_of(graph, "CheckpointLoaderSimple")
    model, clip = Link(loader, 0), Link(loader, 1)
    for _ in range(200):
        node = graph.add("LoraLoader", model=model, clip=clip, lora_name="ink.safetensors", **AT_FULL)
        model, clip = Link(node, 0), Link(node, 1)
    graph = changed(graph, "KSampler", model=model)

    def check() -> None:
        assert find_problems(graph, CATALOG, folders.list, look_into(folders)) == []

    check()  # reads the headers
    assert processor_seconds(check) < 0.1  # about 0.015 on a core of its own
