/** The addresses of the namespace: some stand for the internet, the others are what they are. */

export const NEAR = [
  '127.0.0.1',
  '127.9.9.9',
  '::1',
  '10.0.0.9',
  '172.16.0.9',
  '192.168.1.9',
  '100.64.0.9',
  '169.254.169.254',
  'fd00::9',
]

/** Where evil and good servers of the internet are. */
export const EVIL = '8.8.1.1'
export const EVIL_TOO = '8.8.2.2'
export const GOOD = '8.8.3.1'
export const EVIL_6 = '2a00:77::1'
/** On the local network: a tracker, and a web server. */
export const NAS = '10.77.0.1'
export const DNS_ADDRESS = '8.8.9.9'

export const FAR = [EVIL, EVIL_TOO, GOOD, EVIL_6, NAS, DNS_ADDRESS]

/** Of evil and good servers, everywhere the same. */
export const WEB_PORT = 7000
