# ruby-jwt. A line of JSON in, a line out.

require 'base64'
require 'json'
require 'jwt'
require 'openssl'
require 'rbnacl'

# The library reads its clock with Time.now and takes no other.
class << Time
  attr_accessor :standing
  alias running now

  def now(...)
    standing ? at(standing) : running(...)
  end
end

# EdDSA keys are RbNaCl's, made from the raw bytes; the others are OpenSSL's.
def key(request)
  case request['alg']
  when /^HS/ then request['key']
  when 'EdDSA'
    jwk = request['jwk']
    if jwk['d']
      RbNaCl::Signatures::Ed25519::SigningKey.new(Base64.urlsafe_decode64(jwk['d']))
    else
      RbNaCl::Signatures::Ed25519::VerifyKey.new(Base64.urlsafe_decode64(jwk['x']))
    end
  else OpenSSL::PKey.read(request['key'])
  end
end

def sign(request)
  { token: JWT.encode(request['claims'], key(request), request['alg'], { typ: 'JWT' }) }
end

def verify(request)
  Time.standing = request['now']
  options = { algorithm: request['alg'], aud: request['audience'], verify_aud: true }
  claims, = JWT.decode(request['token'], key(request), true, options)
  { claims: claims }
ensure
  Time.standing = nil
end

def answer(request)
  case request['op']
  when 'hello' then { version: JWT::VERSION::STRING }
  when 'sign' then sign(request)
  when 'verify' then verify(request)
  end
rescue StandardError => e
  { error: "#{e.class}: #{e.message}" }
end

$stdout.sync = true
$stdin.each_line { |line| puts JSON.generate(answer(JSON.parse(line))) }
