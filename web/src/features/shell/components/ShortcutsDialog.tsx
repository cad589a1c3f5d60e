/** All the keys. */
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { MODIFIER } from "@/lib/keys";

const GROUPS: readonly { title: string; keys: readonly (readonly [readonly string[], string])[] }[] = [
  {
    title: "Anywhere",
    keys: [
      [["/"], "Search all messages"],
      [["J", "K"], "Next, previous conversation"],
      [["↵"], "Open it"],
      [["I"], "Details of the conversation"],
      [["?"], "This list"],
    ],
  },
  {
    title: "A draft",
    keys: [
      [["D"], "Draft a reply"],
      [["Esc"], "Stop"],
      [["↵"], "Accept and copy"],
      [["E"], "Edit"],
      [["X"], "Reject"],
      [["R"], "Again"],
      [["W"], "In your own words"],
      [["1", "2", "3"], "Choose a suggestion"],
      [["[", "]"], "Earlier, later draft"],
    ],
  },
  {
    title: "While editing",
    keys: [
      [[`${MODIFIER}↵`], "Accept and copy"],
      [["Esc"], "Back; the text is kept"],
    ],
  },
];

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <p className="muted small">Letters work outside text fields.</p>
      {GROUPS.map((group) => (
        <section className="key-group" key={group.title}>
          <h3>{group.title}</h3>
          <dl>
            {group.keys.map(([keys, meaning]) => (
              <div key={meaning}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <footer>
        <Button onClick={onClose}>Close</Button>
      </footer>
    </Dialog>
  );
}
