import { expect, test } from 'vitest'
import { Secret } from '../../runtime/secret.ts'
import { signOAuth1 } from './oauth1.ts'

// Computed by hand with openssl: the base string of RFC 5849, 3.4.1.1, signed with `openssl dgst -sha1 -hmac`.
test('a request is signed as RFC 5849 says', () => {
  const header = signOAuth1({
    method: 'POST',
    url: 'https://apis.garmin.com/partner-gateway/rest/user/token-exchange',
    consumerKey: 'key',
    consumerSecret: new Secret('consumer secret'),
    token: new Secret('to*ken'),
    tokenSecret: new Secret('token&secret'),
    nonce: 'abc',
    timestampS: 1767225600,
  })
  expect(header).toBe(
    'OAuth oauth_consumer_key="key", oauth_nonce="abc", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1767225600", oauth_token="to%2Aken", oauth_version="1.0", oauth_signature="M1ESZhPXWSTiR0glAFOBpFXwcOQ%3D"',
  )
})
