// Hive Gateway: defaults, and Authorization handed on.
export const gatewayConfig = {
  logging: "error",
  propagateHeaders: {
    fromClientToSubgraphs: ({ request }) => ({
      authorization: request.headers.get("authorization"),
    }),
  },
};
