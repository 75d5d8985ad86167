// Package hardware holds no code but tests: they sign tokens by keys that cannot
// leave a device, an HSM and a TPM, each simulated by software. See README.md.
package hardware
