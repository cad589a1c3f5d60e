/** Settings: how this browser shows things, who is signed in, how the server is. */
import { useQuery } from "@tanstack/react-query";
import { Button } from "@/components/ui/Button";
import { Dot } from "@/components/ui/Dot";
import { Failed } from "@/components/ui/Empty";
import { Segments } from "@/components/ui/Segments";
import { useTitle } from "@/lib/document-title";
import { chooseSuggestions, SUGGESTION_CHOICES, suggestions } from "@/lib/preferences";
import { modelQuery, modelWords } from "@/lib/queries/model";
import { sessionQuery } from "@/lib/queries/session";
import { useSignal } from "@/lib/signal";
import { chooseTheme, THEMES, theme } from "@/lib/theme";
import { dateWords } from "@/lib/time";
import { count, counted } from "@/lib/words";
import { useSignOut } from "../api/sign-out";
import { HealthParts } from "./HealthParts";

const THEME_NAMES = { system: "System", light: "Light", dark: "Dark" } as const;

export function SettingsPage() {
  useTitle("Settings");
  return (
    <main className="page" id="main">
      <div className="page-in narrow">
        <h1>Settings</h1>
        <p>Everything here concerns this server and this browser only.</p>
        <div className="secs">
          <Model />
          <ReadingAndWriting />
          <AccountSection />
          <HealthParts />
        </div>
      </div>
    </main>
  );
}

function Model() {
  const query = useQuery(modelQuery);
  const model = query.data;
  const state = model && modelWords(model);
  return (
    <section>
      <h2>Model</h2>
      <p className="small faint">It writes the drafts, on this server.</p>
      <div className="card">
        {query.isError && !model && <Failed what="The model's state" retry={() => query.refetch()} />}
        {model && state && (
          <div className="r">
            <b>{model.displayName || model.modelId || "No model"}</b>
            <p>
              {[
                model.contextSize ? `reads the last ${count(model.contextSize)} tokens` : "",
                model.adapter ?? "",
                model.running || model.queued
                  ? `${counted(model.running ?? 0, "draft")} running, ${model.queued ?? 0} waiting`
                  : "at rest",
              ]
                .filter(Boolean)
                .join(", ")}
              {model.message && (
                <>
                  <br />
                  {model.message}
                </>
              )}
            </p>
            <span className="end row">
              <Dot tone={state.tone} />
              {state.words}
            </span>
            {model.state === "MODEL_STATE_LOADING" && (
              <progress
                className="bar"
                aria-label="Loading the model"
                value={Number(model.loadProgress ?? 0)}
                max={1}
              />
            )}
          </div>
        )}
      </div>
    </section>
  );
}

function ReadingAndWriting() {
  const chosenTheme = useSignal(theme);
  const chosenSuggestions = useSignal(suggestions);
  return (
    <section>
      <h2>Reading and writing</h2>
      <p className="small faint">How drafts are made and how this browser shows them.</p>
      <div className="card">
        <div className="r">
          <b>Suggestions for each draft</b>
          <p>They share the reading time, so three cost little more than one.</p>
          <Segments
            label="Suggestions for each draft"
            choices={SUGGESTION_CHOICES.map((value) => ({ value, label: String(value) }))}
            value={chosenSuggestions}
            onChoose={chooseSuggestions}
          />
        </div>
        <div className="r">
          <b>Appearance</b>
          <p>Dark and light follow your system unless you choose.</p>
          <Segments
            label="Appearance"
            choices={THEMES.map((value) => ({ value, label: THEME_NAMES[value] }))}
            value={chosenTheme}
            onChoose={chooseTheme}
          />
        </div>
      </div>
    </section>
  );
}

function AccountSection() {
  const session = useQuery(sessionQuery).data;
  const signOut = useSignOut();
  const until = session?.expiresAt
    ? `This session ends by itself on ${dateWords(new Date(session.expiresAt), new Date())}.`
    : "";
  return (
    <section>
      <h2>Account</h2>
      <p className="small faint">Who is signed in with this browser.</p>
      <div className="card">
        <div className="r">
          <b>
            <bdi>{session?.account?.name ?? "Owner"}</bdi>
          </b>
          <p role={signOut.isError ? "alert" : undefined}>
            {signOut.isError ? "You are still signed in: the server did not answer. Try again." : until}
          </p>
          <Button waiting={signOut.isPending} onClick={() => signOut.mutate()}>
            Sign out
          </Button>
        </div>
      </div>
    </section>
  );
}
