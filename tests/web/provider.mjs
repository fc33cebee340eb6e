// A real OpenID provider (oidc-provider), with people of our own who sign in by their name alone.
import { Provider } from '../compat/node_modules/oidc-provider/lib/index.js';

const port = Number(process.argv[2]);
const callback = process.argv[3];
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: 'shenyong',
    client_secret: 'a-secret-of-the-test',
    redirect_uris: [callback],
    token_endpoint_auth_method: 'client_secret_basic',
  }],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id.split('@')[0] }),
  }),
  claims: { openid: ['sub', 'preferred_username'] },
  conformIdTokenClaims: false,
  cookies: { keys: ['only-for-the-test'] },
});
provider.listen(port, '127.0.0.1', () => console.log('ready'));
