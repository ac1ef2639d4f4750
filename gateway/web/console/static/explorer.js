// GraphiQL over the session: the browser never holds the token. Headers of the editor that the API
// reads (Purpose-Of-Use, Acting-Grant) travel as fields of the form.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("explorer");
  const { formToken, purpose, samples } = place.dataset;
  const first = JSON.parse(samples).map(([name, text]) => text).join("\n");
  const header = (headers, name) => {
    const found = Object.keys(headers || {}).find((each) => each.toLowerCase() === name);
    return found ? String(headers[found]) : "";
  };
  const fetcher = async (request, options) => {
    const form = new URLSearchParams({
      form_token: formToken,
      request: JSON.stringify(request),
      purpose: header(options?.headers, "purpose-of-use"),
      grant: header(options?.headers, "acting-grant"),
    });
    const answer = await fetch("/graphiql/run", { method: "POST", body: form });
    return answer.redirected ? { errors: [{ message: "You are signed out; load this page again." }] } : answer.json();
  };
  const headers = purpose ? JSON.stringify({ "Purpose-Of-Use": purpose }, null, 2) : "{}";
  ReactDOM.createRoot(place).render(
    React.createElement(GraphiQL, {
      fetcher,
      defaultQuery: first,
      defaultHeaders: headers,
      headers,
      shouldPersistHeaders: false,
      defaultEditorToolsVisibility: "headers",
    }),
  );
});
