// Runs every server audit and prints one JSON line with what each said.
import { serverAudits } from 'graphql-http';

const [url, token] = process.argv.slice(2);
const audits = serverAudits({
  url,
  fetchFn: (input, init) =>
    fetch(input, {
      ...init,
      headers: { ...(init?.headers ?? {}), authorization: `Bearer ${token}` },
    }),
});
const said = [];
for (const audit of audits) {
  const { status, reason } = await audit.fn();
  said.push({ id: audit.id, name: audit.name, status, reason: reason ?? '' });
}
console.log(JSON.stringify(said));
