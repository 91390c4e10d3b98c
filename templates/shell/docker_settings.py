import json, os, sys

PATH = "/etc/docker/daemon.json"
CGROUPS = "native.cgroupdriver="


def read(path):
    try:
        text = open(path).read() if os.path.exists(path) else ""
        return json.loads(text) if text.strip() else {}
    except (OSError, ValueError) as error:
        sys.exit("%s cannot be read: %s" % (path, error))


task, settings = sys.argv[1], read(PATH)
chosen = [word for word in settings.get("exec-opts", []) if word.startswith(CGROUPS)]
if task == "check":
    sys.exit(not (chosen and "nvidia" in settings.get("runtimes", {})))
if task == "keep" and not chosen:
    settings["exec-opts"] = settings.get("exec-opts", []) + [CGROUPS + "cgroupfs"]
elif task == "keep" and chosen == [CGROUPS + "systemd"]:
    print("  note: Docker leaves control groups to systemd, as somebody chose. Start containers")
    print("  with --device nvidia.com/gpu=all instead of --gpus: those keep their GPUs.")
elif task == "forget":
    before = read(sys.argv[2])
    for table, name in (("runtimes", "nvidia"), ("features", "cdi")):
        if name not in before.get(table, {}):
            settings.get(table, {}).pop(name, None)
    if CGROUPS + "cgroupfs" not in before.get("exec-opts", []):
        ours = [word for word in chosen if word == CGROUPS + "cgroupfs"]
        settings["exec-opts"] = [w for w in settings.get("exec-opts", []) if w not in ours]
    settings = {name: value for name, value in settings.items() if value or name in before}
with open(PATH + ".new", "w") as file:
    json.dump(settings, file, indent=4)
os.replace(PATH + ".new", PATH)
if not settings:
    os.remove(PATH)
