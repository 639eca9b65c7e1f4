export function escape(str: string): string;
