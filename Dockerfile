# syntax=docker/dockerfile:1

# Dependencies are installed where pip is; the final image has them and the code, and no build tools.
FROM python:3.13-slim-trixie AS build
WORKDIR /build
COPY requirements-s3.lock .
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements-s3.lock

FROM python:3.13-slim-trixie
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MEDIA_ROOT=/data/media \
    BIND=0.0.0.0 \
    PORT=8000
# Posters of videos, and pg_dump 17 for backups. Debian has one version of each at a time, with its security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ffmpeg postgresql-client \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /app studio \
    && mkdir -p /data/media \
    && chown -R studio /data \
    && chmod -R 0700 /data
WORKDIR /app
COPY --from=build /venv /venv
COPY manage.py gunicorn.conf.py ./
COPY meigen_api meigen_api
COPY meigen_site meigen_site
COPY accounts accounts
COPY audit audit
COPY generations generations
COPY locale locale
COPY templates templates
COPY static static
COPY public public
# Collecting static files needs settings but no real secret; these two values are used here and nowhere else.
RUN SECRET_KEY=build TOKEN_KEYS=build:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    DATABASE_URL=sqlite:////tmp/build.sqlite3 python manage.py collectstatic --noinput \
    && rm -f /tmp/build.sqlite3
USER 10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# The worker runs the same image with `python manage.py qcluster`.
CMD ["gunicorn", "meigen_site.wsgi:application"]
