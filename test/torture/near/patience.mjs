/** How long the client waits: enough that who answers does not seem silent where the machine stands still for a moment. */
export const HTTP_TIMEOUT_MS = 10_000
export const UDP_TIMEOUT_MS = 8_000
