#!/bin/sh
# Print the first Python that is 3.11 or newer; a name on the path may be a shim that cannot run.
for name in python3.14 python3.13 python3.12 python3.11 python3; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "$name"
        exit 0
    fi
done
echo "错误：没有找到 Python 3.11 或更新的版本。请先安装，例如：sudo apt-get install python3" >&2
echo "Error: no Python 3.11 or newer found. Install one first, for example: sudo apt-get install python3" >&2
exit 1
