"""Runs the smallest pipeline through Snakemake's Kubernetes plugin against an imitation of a cluster's API.

    python tests/cluster/kubernetes.py FOLDER

Needs the plugin (extra `cluster`); no Kubernetes. What is imitated: the API takes jobs, starts each one's container as
a process with a home and a folder of its own and next to nothing in its environment, tells its state, refuses answers
for a while, and kills one training. What is not: images, volumes, scheduling, rights, limits. All files have to be the
same, byte for byte, as of a run without it.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parent))
from trial import ROOT, begin, digests, expect, finish, of, same, say

REFUSED = range(3, 9)
"""Questions for a job's state that are answered with an error."""


class Api(BaseHTTPRequestHandler):
    folder: Path
    pods: dict[str, "subprocess.Popen[bytes]"] = {}
    bodies: dict[str, Any] = {}
    asked = 0
    killed: str | None = None

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/jobs"):
            self.start(body)
        self.answer(body, 201)

    def do_DELETE(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer({"kind": "Status", "status": "Success"})

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path.endswith("/log"):
            self.answer((self.folder / path.split("/")[-2] / "log").read_text())
        elif path.endswith("/pods"):
            self.answer({"kind": "PodList", "apiVersion": "v1", "items": []})
        else:
            Api.asked += 1
            if Api.asked in REFUSED:
                return self.answer({"kind": "Status", "status": "Failure"}, 500)
            name = path.split("/")[-2]
            ended = self.pods[name].poll()
            state = {} if ended is None else {"failed" if ended else "succeeded": 1}
            self.answer({**self.bodies[name], "status": state})
        return None

    def start(self, body: dict[str, Any]) -> None:
        """The container as a process; like a pod it sees the volume: here all but the driver's home, if it can."""
        name = body["metadata"]["name"]
        container = body["spec"]["template"]["spec"]["containers"][0]
        home = self.folder / name
        home.mkdir(parents=True)
        outside = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', str(Path.home())]
        needed = (ROOT, Path(sys.prefix), Path(sys.base_prefix), self.folder)
        hidden = os.getuid() == 0 and not any(path.is_relative_to(Path.home()) for path in needed)
        command = [*(outside if hidden else []), *container["command"], *container["args"]]
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "PYTHONPATH": str(ROOT)}
        Api.bodies[name] = body
        Api.pods[name] = subprocess.Popen(command, cwd=home, env=environment, stdout=(home / "log").open("wb"),
                                          stderr=subprocess.STDOUT, start_new_session=True)
        if "--allowed-rules train" in container["args"][1] and Api.killed is None:
            Api.killed = name
            threading.Timer(2.0, os.killpg, (Api.pods[name].pid, signal.SIGKILL)).start()

    def answer(self, content: Any, code: int = 200) -> None:
        data = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


def main(folder: Path) -> None:
    folder = folder.resolve()
    folder.mkdir(parents=True)
    Api.folder = folder / "pods"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "kubeconfig").write_text(yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        "users": [{"name": "me", "user": {"token": "none"}}]}))
    os.environ["KUBECONFIG"] = str(folder / "kubeconfig")
    content = yaml.safe_load((ROOT / "task1" / "workflow" / "profiles" / "kubernetes" / "config.yaml").read_text())
    content |= {"latency-wait": 10, "set-threads": dict.fromkeys(content["set-threads"], 1),
                "set-scatter": {"features": 2}, "kubernetes-persistent-volumes": [f"task1:{folder}"]}
    (folder / "profile.yaml").write_text(yaml.safe_dump(content))
    say("a run without Kubernetes")
    finish(begin(folder / "local", folder / "local.log", *of("tiny")))
    say("the same through the plugin")
    finish(begin(folder / "on-kubernetes", folder / "kubernetes.log", *of("tiny"), "--executor", "kubernetes",
                 "--cluster-profile", str(folder / "profile.yaml")))
    expect(Api.asked > max(REFUSED), "the run outlives an API that answers with errors")
    said = (folder / "kubernetes.log").read_text()
    expect(re.search(rf"train \(model1\): the cluster's job {Api.killed} failed", said) is not None,
           "the training that was killed is named and made again")
    for body in Api.bodies.values():
        resources = body["spec"]["template"]["spec"]["containers"][0]["resources"]
        expect(resources["limits"]["memory"] == resources["requests"]["memory"], "a job is limited to what it asks for")
    same(digests(folder / "local"), digests(folder / "on-kubernetes"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
