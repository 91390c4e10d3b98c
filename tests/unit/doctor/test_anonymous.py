"""A bundle says nothing of whose machine it is, and still all that findings rest on."""

from __future__ import annotations

import pytest

from provisioner.doctor.anonymous import Anonymous, of_this_machine

HIDDEN = Anonymous(
    {"aurelia": "<USER>", "Aurelia Quintero": "<USER>", "thinkbox7": "<HOST>"},
    home="/home/aurelia",
    secrets=("correct horse battery",),
)
SECRETS = (
    ("cannot open /home/aurelia/work/model.bin", "aurelia"),
    (r"C:\Users\Aurelia\torch", "Aurelia"),
    ("/mnt/c/Users/aurelia.q/Downloads", "aurelia"),
    ("/home/bernhard/.cache/pip", "bernhard"),
    ("aurelia@thinkbox7:~$ nvidia-smi", "thinkbox7"),
    ("Nov 20 10:00:01 thinkbox7.lab.example.org kernel: NVRM: Xid", "lab.example"),
    ("mail to a.quintero@example.org please", "quintero"),
    ("author Aurelia Quintero", "Quintero"),
    ("peer 192.168.178.23:22 and 10.0.0.7", "178.23"),
    ("peer 10.0.0.7", "10.0.0.7"),
    ("inet6 fe80::1ff:fe23:4567:890a", "4567"),
    ("inet6 2001:db8:85a3:8d3:1319:8a2e:370:7348", "8a2e"),
    ("ether 00:1b:44:11:3a:b7", "3a:b7"),
    ("GPU 0: A100 (UUID: GPU-5bf1a3d0-9d2c-4f11-8a8e-0123456789ab)", "5bf1a3d0"),
    ("root=UUID=1b2c3d4e-1111-2222-3333-444455556666 ro", "1b2c3d4e"),
    ("Serial Number                         : 1562120012345", "1562120012345"),
    ("Board Serial: PF2ABCDE", "PF2ABCDE"),
    ("HF_TOKEN=hf_abcdefghijklmnopqrstuvwx", "abcdefghijk"),
    ("hf_abcdefghijklmnopqrstuvwx in a log", "abcdefghijk"),
    ("export GITHUB_TOKEN='ghp_0123456789abcdefghijABCDEFGHIJ012345'", "0123456789"),
    ("WANDB_API_KEY: 0123456789abcdef0123456789abcdef01234567", "0123456789"),
    ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
    ('"aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG"', "wJalr"),
    ("Authorization: Bearer abc.def-ghi_jkl", "abc.def"),
    ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    ("eyJhbGciOi.eyJzdWIiOiIx.SflKxwRJSM", "SflKxw"),
    ("deb https://bob:hunter2@repo.example.org/ ./", "hunter2"),
    ("https://x.org/f?X-Amz-Signature=deadbeef&a=1", "deadbeef"),
    ("https://x.org/f?token=deadbeef", "deadbeef"),
    ("password: hunter2", "hunter2"),
    ("PYTORCH_KEY=hunter2", "hunter2"),
    ("MKL_PASS=hunter2", "hunter2"),
    ("TORCH_HOME=/scratch/a.quintero@example.org/hub", "quintero"),
    ("TF_CONFIG={'worker': ['worker3.internal:2222']}", "worker3"),
    ("NCCL_COMM_ID=node07.cluster.example.org:5555", "node07"),
    ("nfs01.example.org:/export nfs4 1T 1G 1T 1% /data", "nfs01"),
    ("fileserver:/export nfs 1T 1G 1T 1% /data", "fileserver"),
    ("//fileserver/share cifs 1T 1G 1T 1% /data", "fileserver"),
    ("pass phrase correct horse battery here", "horse"),
    (
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n-----END OPENSSH PRIVATE KEY-----",
        "b3Blb",
    ),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow cut off", "MIIEow"),
    ("sha256 of it 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "89abcdef01"),
)
KEPT = (
    "  Installed: 1:12.4.127.1",
    "File train.py:123 and csrc/pad.cu:88, at Module.cpp:45",
    "device cuda:0 of torch.cuda, Model torch.nn:1",
    "torch/nn/modules.conv:12",
    "overlay overlay 252G 72G 31G 71% /",
    "PATH=/opt/torch@2.1/bin:/usr/bin",
    "/opt/spack/gcc@12.1.0/lib",
    "libcudart.so.12:12",
    "nvidia-cublas-cu12==12.4.5.8",
    "nvidia-cublas-cu12        12.4.5.8",
    "torch 2.1.0+cu121 with driver 535.183.01",
    "libcudnn.so.8.9.7.29",
    "0000:01:00.0 3D controller [0302]: NVIDIA [10de:20b0]",
    "NVRM: GPU at PCI:0000:01:00 Xid 79, GPU has fallen off the bus.",
    "c10::Error at::native: CUDA error",
    "tokenizers==0.15.0",
    "SecretStorage==3.3.3",
    "/usr/local/cuda-12.1/lib64/libcudart.so.12",
    "[  12.345678] nvidia: loading out-of-tree module taints kernel. 10:22:33",
    "MIG device MIG-<UUID>",
    "CUDA_VISIBLE_DEVICES=0,1",
)


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_what_names_somebody_is_taken_out(text: str, secret: str) -> None:
    assert secret in text, "the test itself"
    assert secret not in HIDDEN.text(text)
    assert secret not in str(HIDDEN.value({"lines": [*text.split("\n"), "after"]}))


@pytest.mark.parametrize("text", KEPT)
def test_what_findings_rest_on_stays(text: str) -> None:
    assert HIDDEN.text(text) == text


def test_versions_of_packages_stay_and_their_places_lose_the_home() -> None:
    package = {
        "name": "nvidia-cublas-cu12",
        "version": "12.4.5.8",
        "place": "/home/aurelia/env/lib",
    }
    assert HIDDEN.value(package) == {**package, "place": "~/env/lib"}


def test_an_account_that_is_called_like_a_product_leaves_its_name_in_sentences() -> None:
    hidden = Anonymous(
        {"nvidia": "<USER>", "ubuntu": "<HOST>", "root": "<USER>"}, home="/home/nvidia"
    )
    assert hidden.text("NVIDIA driver on Ubuntu as root") == "NVIDIA driver on Ubuntu as root"
    assert hidden.text("/home/nvidia/x") == "~/x"


def test_values_of_secret_variables_are_taken_out_wherever_they_stand() -> None:
    hidden = of_this_machine(
        {"MY_TOKEN": "zebra-stripes-9", "USER": "aurelia", "HOME": "/home/aurelia"}
    )
    assert hidden.text("failed with zebra-stripes-9 of aurelia") == "failed with <SECRET> of <USER>"


@pytest.mark.parametrize("piece", ["a@", "f:", "1.", "token", "-----BEGIN ", "x?a=", "eyJ.", "sk-"])
def test_long_hostile_lines_do_not_hang(piece: str) -> None:
    assert HIDDEN.text(piece * 2000)
