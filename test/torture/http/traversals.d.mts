export function traversals(root: string, outside: string): string[]
