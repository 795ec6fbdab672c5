"""docker-compose.yml, and what it builds from and mounts, fit together."""

import fnmatch
import re
from urllib.parse import urlsplit

import pytest
import yaml

from workshop import manifest

ROOT = manifest.ROOT
CHAT = manifest.finished_chat()
AT_HOME = [step for step in manifest.steps("take-home") if step.database]
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def variables(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def services_with(given: dict[str, str]) -> dict:
    """The services of docker-compose.yml, with these variables in place of their defaults."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    return yaml.safe_load(VARIABLE.sub(lambda one: given.get(one[1]) or one[2] or "", text))[
        "services"
    ]


@pytest.fixture(scope="module")
def services() -> dict:
    return services_with({})


@pytest.fixture(scope="module")
def servers(services) -> dict:
    return {name: one for name, one in services.items() if name in ("server1", "server2")}


@pytest.fixture(scope="module")
def dockerfile(servers) -> str:
    (name,) = {service["build"]["dockerfile"] for service in servers.values()}
    (step,) = {service["build"]["args"]["STEP"] for service in servers.values()}
    return (ROOT / name).read_text(encoding="utf-8").replace("${STEP}", step)


@pytest.fixture(scope="module")
def nginx() -> str:
    return (ROOT / "docker" / "nginx.conf").read_text(encoding="utf-8")


def test_redis_is_recent_and_says_when_it_is_ready(services):
    image, _, version = services["redis"]["image"].partition(":")
    assert image == "redis" and int(re.match(r"\d+", version)[0]) >= 7
    assert services["redis"]["healthcheck"]["test"] == ["CMD", "redis-cli", "ping"]


def test_only_this_machine_reaches_the_ports(services):
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert sorted(published) == [
        "127.0.0.1:5432:5432",
        "127.0.0.1:6379:6379",
        "127.0.0.1:8000:80",
    ]


def test_two_servers_wait_for_the_one_redis(services, servers):
    assert len(servers) == 2
    for server in servers.values():
        assert server["depends_on"]["redis"] == {"condition": "service_healthy"}
        assert server["depends_on"].keys() - {"redis"} == {"migrate", "redis2"}
        host = re.fullmatch(r"redis://(\w+):6379", server["environment"]["REDIS_URL"])[1]
        assert host in services
        assert server["healthcheck"]["test"][0] == "CMD"


def test_nginx_passes_on_to_both_servers_and_waits_for_them(services, servers, nginx, dockerfile):
    two = (ROOT / "docker" / "two-servers.conf").read_text(encoding="utf-8")
    upstream = dict(re.findall(r"server (\w+):(\d+);", two))
    assert set(upstream) == set(servers) == set(services["proxy"]["depends_on"]) - {"server3"}
    assert set(upstream.values()) == set(re.findall(r'"--port", "(\d+)"', dockerfile))
    for server in servers.values():
        assert "daphne --bind 0.0.0.0 --port 8000 mysite.asgi:application" in server["command"][2]
    assert "listen 80;" in nginx
    mounted = [volume.split(":")[0] for volume in services["proxy"]["volumes"]]
    assert mounted == ["./docker/nginx.conf", "./docker/two-servers.conf"]


def test_nginx_lets_websockets_through(nginx):
    """https://nginx.org/en/docs/http/websocket.html"""
    for line in (
        "proxy_http_version 1.1;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header Connection $connection_upgrade;",
        "proxy_set_header Host $http_host;",
    ):
        assert line in nginx


def test_the_image_has_what_the_server_imports(dockerfile):
    pattern = re.search(r"grep -E '(.+?)'", dockerfile)[1]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    chosen = {re.match(r"[\w-]+", line)[0] for line in lines if re.search(pattern, line)}
    assert chosen == {"django", "channels", "channels-redis", "daphne", "redis", "uvicorn"}


def test_what_the_image_copies_is_there_and_not_left_out(dockerfile):
    copied = re.findall(r"^COPY (\S+) ", dockerfile, re.MULTILINE)
    assert f"solutions/{CHAT.name}" in copied
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    for path in copied:
        assert (ROOT / path).exists()
        assert any(fnmatch.fnmatch(path, one) for one in let_in)


def test_the_server_is_started_where_the_project_stands(dockerfile):
    assert f"WORKDIR /workshop/solutions/{CHAT.name}\n" in dockerfile
    application = re.search(r'"(\w+)\.(\w+):application"', dockerfile)
    assert (CHAT.solution / application[1] / f"{application[2]}.py").is_file()


def test_by_default_there_is_no_database(services, servers):
    """What a profile starts is not there, so nothing may need it."""
    with_profile = {name for name, service in services.items() if "profiles" in service}
    assert with_profile == {"postgres", "migrate", "redis2", "server3"}
    for server in servers.values():
        for name in ("migrate", "redis2"):
            assert server["depends_on"][name]["required"] is False
        assert server["build"]["args"] == {"STEP": CHAT.name, "DRIVER": ""}
        assert not server["environment"]["DATABASE_URL"]


@pytest.mark.parametrize("step", AT_HOME, ids=lambda step: step.short)
def test_a_step_at_home_has_its_messages_in_postgres(step):
    given = variables(f"docker/{step.short}.env")
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    of_all = {"STEP", "DRIVER", "DATABASE_URL_OF_SERVERS"}
    assert of_all <= given.keys() <= {name for name, _ in VARIABLE.findall(text)}
    services = services_with(given)
    postgres = services["postgres"]["environment"]
    for name in ("migrate", "server1", "server2"):
        service = services[name]
        assert service["build"]["args"]["STEP"] == step.name
        assert service["build"]["args"]["DRIVER"].startswith("psycopg[binary]")
        assert service["image"] == f"channels-workshop-{step.name}"
        url = urlsplit(service["environment"]["DATABASE_URL"])
        assert (url.scheme, url.hostname) == ("postgres", "postgres")
        assert url.username == postgres["POSTGRES_USER"]
        assert url.password == postgres["POSTGRES_PASSWORD"]
        assert url.path == f"/{postgres['POSTGRES_DB']}"
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["migrate"]["command"] == ["python", "manage.py", "migrate"]


def test_step_7_has_three_servers_and_two_redis():
    services = services_with(variables("docker/step7.env"))
    upstream = (ROOT / services["proxy"]["volumes"][1].split(":")[0]).read_text(encoding="utf-8")
    servers = re.findall(r"server (\w+):8000", upstream)
    assert servers == ["server1", "server2", "server3"]
    assert services["server3"]["profiles"] == services["redis2"]["profiles"] == ["scale"]
    for name in servers:
        assert "uvicorn --host 0.0.0.0 --port 8000" in services[name]["command"][2]
        host = urlsplit(services[name]["environment"]["REDIS_URL_2"]).hostname
        assert services[host]["healthcheck"] == services["redis"]["healthcheck"]


def test_no_messages_of_anybody_s_get_into_the_image():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for step in AT_HOME:
        assert f"!solutions/{step.name}" in ignored
        assert ignored.index("**/db.sqlite3*") > ignored.index(f"!solutions/{step.name}")
