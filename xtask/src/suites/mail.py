# A mail server for the suite of mail: aiosmtpd with TLS, which does to each conversation what the file `mode` says, and
# writes down what it hears, one JSON object a line.
#
# python mail.py FOLDER CERTIFICATE KEY implicit|starttls
#
# Modes: take; refuse (4xx at the end of every mail); slow SECONDS (before each answer); hang STEP (no answer at EHLO, MAIL,
# RCPT, DATA; TAKEN: kept, and then no answer).

import asyncio
import email
import email.policy
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP

folder = pathlib.Path(sys.argv[1])
certificate, key, tls = sys.argv[2:5]
log = (folder / "log").open("a")


def note(step, **more):
    log.write(json.dumps({"step": step, **more}) + "\n")
    log.flush()


class Handler:
    async def at(self, step, **more):
        mode, _, value = (folder / "mode").read_text().strip().partition(" ")
        note(step, **more)
        if mode == "hang" and value == step:
            await asyncio.sleep(3600)
        if mode == "slow":
            await asyncio.sleep(float(value))
        return mode

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        await self.at("EHLO", tls=session.ssl is not None)
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        await self.at("MAIL")
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        await self.at("RCPT", to=address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        about = {
            "to": envelope.rcpt_tos,
            "id": mail["message-id"],
            "subject": mail["subject"],
            "text": mail.get_body(("plain",)).get_content(),
            "html": mail.get_body(("html",)).get_content(),
            "defects": [str(it) for it in mail.defects],
            "tls": session.ssl is not None or tls == "implicit",
        }
        if await self.at("DATA", id=about["id"]) == "refuse":
            return "451 4.7.1 come back later"
        note("TAKEN", **about)
        if (folder / "mode").read_text().strip() == "hang TAKEN":
            await asyncio.sleep(3600)
        return "250 OK"


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    more = {} if tls == "implicit" else {"tls_context": context, "require_starttls": True}
    server = await loop.create_server(
        lambda: SMTP(Handler(), enable_SMTPUTF8=True, **more),
        "127.0.0.1",
        0,
        ssl=context if tls == "implicit" else None,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    # The end of its input ends it.
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
