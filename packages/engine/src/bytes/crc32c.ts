/** CRC-32C (Castagnoli, reflected polynomial 82F63B78), as an unsigned number: for node ids (BEP 42) and peers (BEP 40). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return ~crc >>> 0
}
