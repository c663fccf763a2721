"""Reads files that were changed with the framework they are for, and prints what came out: for mutated.ts.

python read_mutated.py torch|safetensors|paddle|onnx   reads one path per line, prints one line of JSON for each
python read_mutated.py onnx --seeds FOLDER             writes small files of every form that the framework has

A changed pickle may name any function, and paddle.load calls what it names: whatever is looked up that no checkpoint needs is refused by an
audit hook before it is called, and with it programs, sockets and writing.
"""

import hashlib
import json
import os
import pathlib
import resource
import sys
import warnings

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["GLOG_minloglevel"] = "4"
warnings.filterwarnings("ignore")

# What the frameworks print themselves is not for whoever reads the answers.
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

MOST_BYTES = 2**20
MOST_VALUES = 20_000
MEMORY = 12 * 2**30

reading = False


def audit(event, arguments):
    """Ends what a pickle that was changed could do. It stays for as long as the process lives."""
    if not reading:
        return
    if event == "pickle.find_class":
        module, name = arguments
        allowed = (
            module.split(".")[0] in ("numpy", "collections", "paddle", "torch", "_codecs", "copyreg")
            and "." not in name
            or module in ("builtins", "__builtin__")
            and name in ("tuple", "list", "dict", "set", "frozenset", "bytearray", "bytes", "eval", "object", "int", "float", "bool", "complex", "str", "slice")
        )
        if not allowed or name.startswith("system"):
            raise PermissionError(f"not looked up: {module}.{name}")
    elif event == "compile" and sys.argv[1] == "paddle":
        source = arguments[0]
        if source not in (b"data", "data"):
            raise PermissionError("not compiled")
    elif event == "open":
        if isinstance(arguments[1], str) and any(letter in arguments[1] for letter in "wax+"):
            raise PermissionError("not written")
    elif event.startswith(("os.", "subprocess.", "socket.", "shutil.", "ctypes.", "pty.", "code.")) and event not in ("os.listdir", "os.scandir", "os.putenv"):
        raise PermissionError(f"not done: {event}")


def digest(data):
    return hashlib.sha1(data).hexdigest()


def key_of(key):
    """As mutated/read-ours.ts has them; other keys are left out on both sides."""
    if isinstance(key, str):
        return key
    if isinstance(key, int) and not isinstance(key, bool):
        return {"integer": str(key)}
    return None


def leaves(root):
    """Every value in dicts, lists and tuples with its path."""
    waiting = [((), root)]
    count = 0
    while waiting:
        path, value = waiting.pop()
        count += 1
        if count > MOST_VALUES or len(path) > 200:
            raise OverflowError("more values than are compared")
        if isinstance(value, dict):
            for key, item in value.items():
                if key_of(key) is not None:
                    waiting.append(((*path, key_of(key)), item))
        elif isinstance(value, (list, tuple)):
            for index, item in enumerate(value):
                waiting.append(((*path, {"index": index}), item))
        else:
            yield path, value


def torch_tensor(path, tensor):
    import torch

    name = str(tensor.dtype).removeprefix("torch.")
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type != "cpu" or tensor.is_nested:
        return [path, f"{tensor.layout} {tensor.device.type} {name}", list(tensor.shape), None]
    return [path, name, list(tensor.shape), bytes_of_torch(tensor)]


def bytes_of_torch(tensor):
    import torch

    if tensor.numel() * tensor.element_size() > MOST_BYTES:
        return None
    if tensor.numel() == 0:
        return digest(b"")
    plain = tensor.detach().resolve_conj().resolve_neg().contiguous()
    return digest(plain.reshape(-1).view(torch.uint8).numpy().tobytes())


def numpy_tensor(path, array, name=None):
    import numpy

    name = name or array.dtype.name
    if array.dtype.hasobject or array.dtype.names is not None:
        return [path, f"of objects: {array.dtype}", list(array.shape), None]
    if array.nbytes > MOST_BYTES:
        return [path, name, list(array.shape), None]
    little = array.astype(array.dtype.newbyteorder("<")) if array.dtype.byteorder == ">" else array
    return [path, name, list(array.shape), digest(numpy.ascontiguousarray(little).tobytes())]


def read_torch(path):
    import torch

    value = torch.load(path, weights_only=True, map_location="cpu")
    return [torch_tensor(place, leaf) for place, leaf in leaves(value) if isinstance(leaf, torch.Tensor)]


def read_safetensors(path):
    import safetensors.torch

    return [torch_tensor([name], tensor) for name, tensor in safetensors.torch.load_file(path).items()]


def read_paddle(path):
    import numpy
    import paddle

    value = paddle.load(str(path))
    found = []
    for place, leaf in leaves(value):
        if isinstance(leaf, paddle.Tensor):
            found.append(numpy_tensor(place, leaf.numpy(), str(leaf.dtype).split(".")[-1]))
        elif isinstance(leaf, (numpy.ndarray, numpy.generic)):
            found.append(numpy_tensor(place, numpy.asarray(leaf)))
    return found


def read_onnx(path):
    import onnx

    model = onnx.load(path)
    names = {number: name.lower() for name, number in onnx.TensorProto.DataType.items()}
    others = {"double": "float64", "float": "float32", "float8e4m3fn": "float8_e4m3fn", "float8e5m2": "float8_e5m2"}
    found = []
    for tensor in model.graph.initializer:
        # What has no values is no tensor: onnx gives zeros for it.
        array = onnx.numpy_helper.to_array(tensor, os.path.dirname(path))
        name = names.get(tensor.data_type, "?")
        label = tensor.name if isinstance(tensor.name, str) else {"bytes": tensor.name.hex()}
        found.append(numpy_tensor([label], array, others.get(name, name)))
    return found


def onnx_seeds(folder):
    """Initializers in every form that ONNX has for them."""
    import numpy
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    values = {
        "float32": numpy.array([[1.5, -2, 3], [4, 5, 6]], numpy.float32),
        "float64": numpy.array([1, 2, 3], numpy.float64),
        "float16": numpy.array([[1, 2]], numpy.float16),
        "int64": numpy.array([1, -2, 3], numpy.int64),
        "int32": numpy.array([[7], [-8]], numpy.int32),
        "uint8": numpy.array([1, 2, 255], numpy.uint8),
        "bool": numpy.array([True, False], numpy.bool_),
        "scalar": numpy.array(5, numpy.float32),
    }
    raw = [numpy_helper.from_array(value, name) for name, value in values.items()]
    kinds = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE, "int64": TensorProto.INT64, "int32": TensorProto.INT32, "uint8": TensorProto.UINT8, "bool": TensorProto.BOOL, "float16": TensorProto.FLOAT16}
    typed = [helper.make_tensor(name, kind, values[name].shape, values[name].flatten().tolist()) for name, kind in kinds.items()]
    floats = [helper.make_tensor(name, TensorProto.FLOAT, values[name].shape, values[name].flatten().tolist()) for name in ("float32", "scalar")]
    for name, initializers in {"raw": raw, "typed": typed, "floats": floats, "one": raw[:1]}.items():
        graph = helper.make_graph([], name, [], [], initializer=initializers)
        model = helper.make_model(graph, producer_name="onnx")
        helper.set_model_props(model, {"made": "here"})
        (pathlib.Path(folder) / f"{name}.onnx").write_bytes(model.SerializeToString())
    graph = helper.make_graph([], "external", [], [], initializer=raw[:3])
    model = helper.make_model(graph)
    onnx.save_model(model, str(pathlib.Path(folder) / "external.onnx"), save_as_external_data=True, location="w.data", size_threshold=0)


READERS = {"torch": read_torch, "safetensors": read_safetensors, "paddle": read_paddle, "onnx": read_onnx}
IMPORTED = {"torch": ("torch",), "safetensors": ("safetensors.torch",), "paddle": ("numpy", "paddle"), "onnx": ("numpy", "onnx", "onnx.numpy_helper")}


def main():
    global reading
    framework = sys.argv[1]
    for module in IMPORTED[framework]:
        __import__(module)
    if framework in ("torch", "safetensors"):
        import torch

        torch.set_num_threads(1)
    if sys.argv[2:3] == ["--seeds"]:
        onnx_seeds(sys.argv[3])
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(audit)
    print(json.dumps({"version": sys.modules[framework].__version__}), file=answers, flush=True)
    for line in sys.stdin:
        reading = True
        try:
            answer = json.dumps({"tensors": READERS[framework](line.rstrip("\n"))})
        except OverflowError as error:
            answer = json.dumps({"skipped": str(error)} if "than are compared" in str(error) else {"error": f"OverflowError: {error}"[:2000]})
        except BaseException as error:  # whatever a changed file makes it throw
            answer = json.dumps({"error": f"{type(error).__name__}: {error}"[:2000]})
        reading = False
        print(answer, file=answers, flush=True)


main()
