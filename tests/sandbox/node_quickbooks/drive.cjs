// Calls node-quickbooks and Intuit's OAuth client for Node as the suite says: a request a line in, an answer a line out.
//
// {"client": "quickbooks" | "oauth" | "connect", "call": method, "with": [arguments]} gives {"result": ...}, or
// {"error": ...} with what the client tells its caller. An argument {"file": path} is sent as a stream.
// The clients are as they come from npm; nothing but their own settings is set.

const fs = require('node:fs');
const readline = require('node:readline');
const OAuthClient = require('intuit-oauth');
const QuickBooks = require('node-quickbooks');

const [base, clientId, clientSecret, redirectUri] = process.argv.slice(2);

QuickBooks.V3_ENDPOINT_BASE_URL = `${base}/v3/company/`;
QuickBooks.TOKEN_URL = `${base}/oauth2/v1/tokens/bearer`;
QuickBooks.REVOKE_URL = `${base}/v2/oauth2/tokens/revoke`;
QuickBooks.USER_INFO_URL = `${base}/v1/openid_connect/userinfo`;

OAuthClient.environment.sandbox = `${base}/`;
OAuthClient.jwks_uri = `${base}/op/v1/jwks`;
const oauth = new OAuthClient({
  clientId, clientSecret, redirectUri, environment: 'sandbox', includeRefreshTokenHardExpiresIn: true,
});
oauth.setAuthorizeURLs({
  authorizeEndpoint: `${base}/connect/oauth2`,
  tokenEndpoint: QuickBooks.TOKEN_URL,
  revokeEndpoint: QuickBooks.REVOKE_URL,
  userInfoEndpoint: QuickBooks.USER_INFO_URL,
});
let quickbooks;

const clients = {
  // A node-quickbooks of that company, with the tokens that Intuit's client holds; it says which they are.
  connect(_, [realmId]) {
    const { access_token: token, refresh_token: refreshToken } = oauth.getToken();
    quickbooks = new QuickBooks({
      consumerKey: clientId, consumerSecret: clientSecret, token, tokenSecret: false, realmId, useSandbox: true,
      debug: false, minorversion: 75, oauthversion: '2.0', refreshToken,
    });
    return { token, refreshToken };
  },
  async oauth(call, values) {
    const answer = await oauth[call](...values);
    return answer && answer.getJson ? answer.getJson() : answer && answer.json ? answer.json : answer;
  },
  quickbooks: (call, values) => new Promise((resolve, reject) => {
    // revokeAccess hands on the whole HTTP response, all else its body.
    quickbooks[call](...values, (error, body) => (error ? reject(error) : resolve(body?.config ? body.data : body)));
  }),
};

function told(error) {
  const { message, code, error: name, error_description: description, fault, response } = error;
  return { message, code, name, description, fault, status: response?.status, body: response?.data };
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    const values = request.with.map((value) => (value?.file ? fs.createReadStream(value.file) : value));
    let answer;
    try {
      answer = { result: await clients[request.client](request.call, values) };
    } catch (error) {
      answer = { error: told(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

main();
