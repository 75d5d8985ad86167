#!/usr/bin/env bash
# Makes the test keys again, with OpenSSL 3 and OpenSSH: ./make_keys.sh FOLDER
set -euo pipefail
mkdir -p "$1"
cd "$1"

openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem
openssl pkey -in rsa.pem -pubout -out rsa.pub.pem
openssl rsa -in rsa.pem -traditional -out rsa-pkcs1.pem
openssl rsa -in rsa.pem -RSAPublicKey_out -out rsa-pkcs1.pub.pem
openssl pkey -in rsa.pem -aes256 -passout pass:test -out rsa-encrypted.pem
openssl rsa -in rsa.pem -traditional -aes256 -passout pass:test -out rsa-encrypted-pkcs1.pem
for other in rsa-other:2048 rsa-1024:1024; do
	openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:${other#*:}" -out "${other%:*}.pem"
	openssl pkey -in "${other%:*}.pem" -pubout -out "${other%:*}.pub.pem"
done

openssl genpkey -quiet -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out rsa-pss.pem
openssl pkey -in rsa-pss.pem -pubout -out rsa-pss.pub.pem

for curve in prime256v1:p256 secp384r1:p384 secp521r1:p521 secp224r1:p224 secp256k1:secp256k1 brainpoolP256r1:brainpool; do
	openssl ecparam -name "${curve%:*}" -genkey -out "${curve#*:}.pem"
	openssl pkey -in "${curve#*:}.pem" -pubout -out "${curve#*:}.pub.pem"
done
openssl pkcs8 -topk8 -nocrypt -in p256.pem -out p256-pkcs8.pem
openssl pkey -in p256.pem -ec_param_enc explicit -out p256-explicit.pem
openssl pkey -in p256.pem -pubout -ec_conv_form compressed -out p256-compressed.pub.pem

for curve in ed25519 x25519 ed448 x448; do
	openssl genpkey -algorithm "$curve" -out "$curve.pem"
	openssl pkey -in "$curve.pem" -pubout -out "$curve.pub.pem"
done

ssh-keygen -q -t ed25519 -N '' -C test -f openssh.pem
mv openssh.pem.pub openssh.pub
for type in rsa:2048 ecdsa:256; do
	ssh-keygen -q -t "${type%:*}" -b "${type#*:}" -N '' -C test -f "openssh-${type%:*}.pem"
	mv "openssh-${type%:*}.pem.pub" "openssh-${type%:*}.pub"
done

openssl req -x509 -new -key rsa.pem -subj /CN=test -out rsa.crt.pem
openssl req -x509 -new -key rsa.pem -subj /CN=test -set_serial -1 -out rsa-negative-serial.crt.pem
openssl req -x509 -new -key p256-explicit.pem -subj /CN=test -out p256-explicit.crt.pem
openssl req -x509 -new -key rsa-pss.pem -subj /CN=test -out rsa-pss.crt.pem
openssl x509 -in rsa.crt.pem -addtrust serverAuth -trustout -out rsa-trusted.crt.pem
openssl crl2pkcs7 -nocrl -certfile rsa.crt.pem -out rsa.p7b.pem
openssl pkcs12 -export -inkey rsa.pem -in rsa.crt.pem -passout pass:test -out rsa.p12
