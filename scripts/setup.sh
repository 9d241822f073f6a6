#!/usr/bin/env bash
# setup.sh: installs what kshot is built from, on Debian 12: packages, MuJoCo in .deps/, Python in .deps/venv for the tests.
# Can be run again at any time; says only what it does, and nothing when there is nothing to do. With --mpi also what the build
# for several processes needs (docs/scaling.md), with --fuzz what scripts/fuzz.sh needs, with --browser the browser that pages are
# tested in (about 100 MB).
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(gcc g++ libc6-dev cmake ninja-build pkg-config python3 python3-pip python3-venv clang-format ca-certificates
    libopenblas0-openmp libyaml-dev libcjson-dev zlib1g-dev libzip-dev libpng-dev libjpeg62-turbo-dev librandom123-dev libcmocka-dev
    libprotobuf-c-dev protobuf-c-compiler gnuplot-nox libegl-dev libglfw3-dev libgl1-mesa-dri ffmpeg xvfb xdotool qemu-user strace)
for option in "$@"; do
    case $option in
        --mpi) packages+=(libopenmpi-dev openmpi-bin) ;;
        --fuzz) packages+=(clang libclang-rt-14-dev libomp-14-dev) ;;
        --browser) packages+=(chromium) ;;
        *) echo "usage: scripts/setup.sh [--mpi] [--fuzz] [--browser]" >&2 && exit 2 ;;
    esac
done

mujoco=4.0.1
wheel=mujoco_core-$mujoco-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl
wheel_sha256=be28c0c7587347ef996b4de0487264e9da296282082b092bae211a9163e9aed6
python_packages=(numpy==1.26.4 safetensors==0.4.5 autograd==1.9.1 pillow==11.3.0 pyyaml==6.0.4 gymnasium==1.4.0 scikit-build-core==1.1.2
                 onnx==1.17.0 onnxruntime==1.20.1 protobuf==7.36.2)

fail() {
    echo "setup: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        command -v sudo >/dev/null || fail "needs root, or sudo, to run: $*"
        sudo "$@"
    fi
}

install_packages() {
    local missing=() package
    for package in "${packages[@]}"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "no apt-get here; please install by hand: ${missing[*]}"
    echo "setup: installing ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# MuJoCo's C library comes inside a Python wheel, which is a zip file. Its licences are kept for whoever passes on what cmake --install
# makes. What the wheel has for Python serves the tests, which find it in .deps/python.
install_mujoco() {
    local target=.deps/mujoco-$mujoco tmp
    mkdir -p .deps/python
    [ "$(readlink .deps/python/mujoco)" = "../mujoco-$mujoco" ] || ln -sfn "../mujoco-$mujoco" .deps/python/mujoco
    [ ! -e "$target/libmujoco.so.$mujoco" ] || [ ! -e "$target/licenses/LICENSE" ] || return 0
    [ "$(uname -m)" = x86_64 ] || fail "MuJoCo is pinned for x86_64 only, and this is $(uname -m)"
    echo "setup: fetching MuJoCo $mujoco into $target"
    mkdir -p .deps
    tmp=$(mktemp -d .deps/fetch.XXXXXX)
    trap 'rm -rf .deps/fetch.*' EXIT
    /usr/bin/python3 -m pip --quiet --disable-pip-version-check download --no-deps --only-binary=:all: --dest "$tmp" \
        --python-version 3.11 --implementation cp --abi cp311 --platform manylinux_2_28_x86_64 "mujoco-core==$mujoco"
    echo "$wheel_sha256  $tmp/$wheel" | sha256sum --check --status || fail "the MuJoCo wheel does not have the pinned sha256"
    /usr/bin/python3 -m zipfile -e "$tmp/$wheel" "$tmp"
    mv "$tmp/mujoco_core-$mujoco.dist-info/licenses" "$tmp/mujoco/licenses"
    rm -rf "$target"
    mv "$tmp/mujoco" "$target"
    rm -rf "$tmp"
}

# the tests read our files with other people's readers, take derivatives by another route, and try other people's robots
install_python() {
    local stamp=.deps/venv/${python_packages[*]}
    stamp=${stamp// /_}
    [ ! -e "$stamp" ] || return 0
    echo "setup: installing ${python_packages[*]} into .deps/venv"
    /usr/bin/python3 -m venv --clear .deps/venv
    .deps/venv/bin/pip --quiet --disable-pip-version-check install --only-binary=:all: "${python_packages[@]}"
    touch "$stamp"
}

install_packages
install_mujoco
install_python
