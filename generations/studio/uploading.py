"""Uploads a form's references to Meigen before the click is written."""

from uuid import UUID

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import Token
from accounts.sentences import told
from accounts.text import isolated
from accounts.vault import NEW_KEYS, OldKeys, Unreadable
from generations.dispatch import upload
from generations.library.rejections import shortened
from generations.models import Reference
from generations.models.sentences import reason_of, translated_html
from generations.studio.form import GenerateForm
from meigen_api.errors import BadToken, InsufficientCredits, MeigenError, Refused
from meigen_api.outgoing import NotAllowed


def uploaded(form: GenerateForm, token: Token) -> dict[UUID, str]:
    """Where Meigen can read the form's references, by their ids. A failed upload becomes an error of the form."""
    urls = {}
    for reference in form.references:
        try:
            urls[reference.pk] = upload.public_url(reference, token, form.cleaned_data["model_id"])
        except (upload.Gone, MeigenError, Unreadable, OSError) as failure:
            form.add_error(None, _upload_failure(reference, failure))
            break
    return urls


def _upload_failure(reference: Reference, failure: Exception) -> str:
    """Why a reference could not be uploaded to Meigen, and what to do."""
    match failure:
        case upload.Gone():
            problem = _("This clip is no longer available. Add it again, or leave it out.")
        case OldKeys():
            problem = str(NEW_KEYS)
        case Unreadable():
            problem = _("The server's keys cannot decrypt your token. Replace it, or tell your admin.")
        case BadToken():
            problem = _("Meigen refuses your token. Replace it, then send again.")
        case InsufficientCredits():
            problem = _("Meigen accepts clips only from accounts with purchased credits. Top up, then send again.")
        case Refused():
            problem = told(_("Meigen did not accept it: %(reason)s."), translated_html(reason_of(failure), shortened))
        case NotAllowed(host=host):
            words = _("It could not be uploaded to Meigen: the host %(host)s is not allowed. Tell your admin.")
            problem = words % {"host": isolated(host)}
        case _:
            problem = _("It could not be uploaded to Meigen. Try again.")
    words = conditional_escape(_("%(name)s: %(problem)s Nothing was sent."))
    name = conditional_escape(isolated(reference.name))
    return SafeString(words % {"name": name, "problem": conditional_escape(problem)})
