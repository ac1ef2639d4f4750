// An OpenID provider by other people (npm `oidc-provider`) on a free port of loopback. Whoever
// `login_hint` names is signed in without a form. Prints its port, then serves until it is stopped.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [audience, secret] = process.argv.slice(2);
const server = createServer();
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const { port } = server.address();

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "partner-app",
      client_secret: secret,
      grant_types: ["authorization_code"],
      redirect_uris: ["http://127.0.0.1/callback"],
    },
    {
      client_id: "partner-back-end",
      client_secret: secret,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    },
    {
      client_id: "gateway",
      client_secret: secret,
      grant_types: [],
      redirect_uris: [],
      response_types: [],
    },
  ],
  findAccount: (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  ttl: { AccessToken: 600, ClientCredentials: 600, Interaction: 600, Session: 600, Grant: 600 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "urn:signed",
      getResourceServerInfo: (_ctx, resource) => ({
        audience,
        scope: "api",
        accessTokenTTL: 600,
        accessTokenFormat: resource === "urn:opaque" ? "opaque" : "jwt",
        jwt: { sign: { alg: "RS256" } },
      }),
      useGrantedResource: () => true,
    },
  },
});

async function signIn(request, response) {
  const { params, prompt, grantId } = await provider.interactionDetails(request, response);
  const accountId = params.login_hint;
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope("openid");
  grant.addResourceScope(params.resource ?? "urn:signed", "api");
  const consent = { grantId: await grant.save() };
  const result = prompt.name === "login" ? { login: { accountId }, consent } : { consent };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

const answer = provider.callback();
server.on("request", (request, response) => {
  if (request.url.startsWith("/interaction/")) {
    signIn(request, response).catch((failure) => {
      response.statusCode = 500;
      response.end(String(failure));
    });
  } else {
    answer(request, response);
  }
});
process.stdout.write(`${port}\n`);
process.stdin.on("end", () => process.exit(0)).resume();
