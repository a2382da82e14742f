#!/bin/sh
# Delete what the commands made. The demo's data is deleted only when a person at the keyboard says so.
set -eu
rm -rf .venv .uv .bench web/node_modules web/dist site test-results \
    .ruff_cache .mypy_cache .pytest_cache .hypothesis .import_linter_cache
[ -d .rongjun ] || exit 0
if [ -t 0 ]; then
    printf '数据目录 .rongjun 也删除吗？其中有数据库和密钥，无法恢复。输入 yes 删除 · Delete the data in .rongjun, too? [yes/N] '
    read -r answer
    if [ "$answer" = yes ]; then
        rm -rf .rongjun
        exit 0
    fi
fi
echo '保留了数据目录 .rongjun · kept the data in .rongjun'
