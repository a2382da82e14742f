# Two commands are all a newcomer needs: make demo, make test. `make` alone lists the rest.
# Everything a recipe needs is brought by tools/bootstrap.py, which does nothing when all is up to date.

bootstrap = python=$$(sh tools/find-python.sh) && "$$python" -E -m tools.bootstrap --for
checks = .venv/bin/python -E -m tools.checks

.DEFAULT_GOAL := help
.PHONY: help demo test fast fmt words fuzz docs shots bench clean

help: ## 列出所有命令 · list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

demo: ## 建立并启动示范城市 · set up and run the invented city at http://localhost:8000
	@$(bootstrap) demo && exec .venv/bin/rongjun demo

test: ## 全部检查 · every check (one: make test ARGS="--only lint")
	@$(bootstrap) test && $(checks) test $(ARGS)

fast: ## 几秒内的检查 · format, lint, floors and the tests without a database
	@$(bootstrap) fast && $(checks) fast $(ARGS)

fmt: ## 整理代码格式 · format the code
	@$(bootstrap) fast
	@.venv/bin/ruff check --fix-only --quiet .
	@.venv/bin/ruff format .

words: ## 把词句收进英文目录，列出还没译的 · bring the English catalogue up to date, list what lacks its English
	@$(bootstrap) fast && .venv/bin/python -E -m tools.words

fuzz: ## 十万份乱写的政策和条件 · a hundred thousand spoiled files and conditions (ARGS="--inputs 1000 --seed 2")
	@$(bootstrap) fast && .venv/bin/python -E -m tests.fuzz.policy $(ARGS)

docs: ## 生成文档到 site/ · build the documentation into site/
	@$(bootstrap) fast && .venv/bin/mkdocs build --strict

shots: ## 走一遍六个人的第一个小时，更新使用手册的图 · walk six first hours, renew the manual's pictures
	@$(bootstrap) test && $(checks) shots

bench: ## 测量政策册有多快 · how fast the policy book answers (short: SIZE=small make bench)
	@$(bootstrap) demo && .venv/bin/python -E -m bench --size $(or $(SIZE),full) $(ARGS)

clean: ## 删除生成的文件；数据先询问 · delete what was made; asks before deleting data
	@sh tools/clean.sh
