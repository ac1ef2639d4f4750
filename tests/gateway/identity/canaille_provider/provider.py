"""An OpenID provider by other people (PyPI ``canaille``) on a free port of loopback.

Runs in an environment of its own, with its database in the current folder. Prints its port; then
every line it reads is the name of somebody who can sign in from now on with the password it was
started with, and is echoed.
"""

import datetime as dt
import sys
import threading

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server


def main(audience: str, secret: str) -> None:
    """Serve until the input ends.

    Args:
        audience: id of the client that stands for the API, which may ask about tokens for it.
        secret: of every client, and the password of every person.
    """
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    app = create_app(
        {
            "SECRET_KEY": secret,
            "SERVER_NAME": f"127.0.0.1:{server.port}",
            "PREFERRED_URL_SCHEME": "http",
            "SESSION_COOKIE_SECURE": False,
            # Its own default is ten days.
            "OAUTH2_TOKEN_EXPIRES_IN": {"authorization_code": 600, "client_credentials": 600},
            "CANAILLE": {"LOGGING": {"version": 1, "disable_existing_loggers": False}},
            "CANAILLE_OIDC": {
                "ACTIVE_JWKS": [
                    RSAKey.generate_key(
                        2048, parameters={"kid": "c-1", "use": "sig", "alg": "RS256"}
                    ).as_dict(private=True)
                ]
            },
        }
    )
    server.app = app
    with app.app_context():
        api = _client(audience, secret, [])
        _client("partner-app", secret, [api], "authorization_code")
        _client("partner-back-end", secret, [api], "client_credentials")
        _client("somebody-else", secret, [], "client_credentials")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.port, flush=True)
    for line in sys.stdin:
        with app.app_context():
            Backend.instance.save(
                models.User(user_name=line.strip(), family_name="Known", password=secret)
            )
        print(line.strip(), flush=True)


def _client(client_id: str, secret: str, audience: list[object], *grants: str) -> object:
    client = models.Client(
        client_id=client_id,
        client_secret=secret,
        client_name=client_id,
        client_id_issued_at=dt.datetime.now(dt.UTC),
        client_uri="http://127.0.0.1/",  # trusted: nobody is asked for consent
        redirect_uris=["http://127.0.0.1/callback"],
        grant_types=list(grants),
        response_types=["code"],
        scope=["openid"],
        token_endpoint_auth_method="client_secret_basic",
        audience=audience,
    )
    Backend.instance.save(client)
    return client


main(*sys.argv[1:])
