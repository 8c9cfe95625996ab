"""Mail over SMTP with STARTTLS: the notifier that most councils have."""

from connectors.smtp.letter import message_id_for
from connectors.smtp.notifier import SmtpNotifier, connect

__all__ = ["SmtpNotifier", "connect", "message_id_for"]
