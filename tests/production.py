"""`python -m tests.production check --deploy`: manage.py under the settings of a production server."""

import os
import sys

from cryptography.fernet import Fernet
from django.core.management import execute_from_command_line

os.environ.update(
    DJANGO_SETTINGS_MODULE="meigen_site.settings",
    SECRET_KEY=Fernet.generate_key().decode() * 2,
    TOKEN_KEYS=f"first:{Fernet.generate_key().decode()}",
    DEBUG="0",
    ALLOWED_HOSTS="studio.example.org",
    CSRF_TRUSTED_ORIGINS="https://studio.example.org",
    MEIGEN_BASE_URL="https://www.meigen.ai",
    TRUSTED_PROXIES="1",
)

if __name__ == "__main__":
    execute_from_command_line(["manage.py", *sys.argv[1:]])
