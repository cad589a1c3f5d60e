/** Three small dots: something is at work. */
export function Beat() {
  return (
    <span className="beat" aria-hidden="true">
      <i />
      <i />
      <i />
    </span>
  );
}
