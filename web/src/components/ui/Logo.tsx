/** The product's mark. */

export function Logo({ size }: { size: number }) {
  return (
    <svg className="logo" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <rect className="ground" width="24" height="24" rx="7" />
      <path
        className="line"
        d="M6.2 9.2a2.6 2.6 0 0 1 2.6-2.6h6.4a2.6 2.6 0 0 1 2.6 2.6v3.6a2.6 2.6 0 0 1-2.6 2.6H11l-3 2.4v-2.5a2.6 2.6 0 0 1-1.8-2.5z"
      />
      <path className="line" d="M14.2 9.2v3.6" />
    </svg>
  );
}
