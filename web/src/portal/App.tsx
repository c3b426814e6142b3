/** The whole page: which proposal, in which language, in which state. */

import { useEffect, useMemo, useState } from "react";
import { accentOf } from "../look/accent";
import type { Language } from "../words/money";
import { fileAddress } from "./calls";
import { Proposal } from "./Proposal";
import { Loading, Trouble } from "./Trouble";
import { firstLanguage, keepLanguage, TEXTS } from "./texts";
import { useProposal } from "./useProposal";
import { Words } from "./words";

/** Returns the id in `/proposal/7`, or null. */
function proposalIdOf(path: string): number | null {
  const match = /^\/proposal\/(\d{1,9})\/?$/.exec(path);
  return match ? Number(match[1]) : null;
}

export function App() {
  const [sale, setSale] = useState<Language>();
  const [picked, setPicked] = useState<Language>();
  const language = picked ?? firstLanguage(navigator.languages, sale);
  const id = proposalIdOf(window.location.pathname);
  const t = TEXTS[language];

  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);

  const words = useMemo(() => ({ t, language }), [t, language]);
  const choose = (next: Language) => {
    keepLanguage(next);
    setPicked(next);
  };
  return (
    <Words value={words}>
      {id === null ? (
        <Frame language={language} onLanguage={choose}>
          <Trouble title={t.notFoundTitle} lead={t.notFoundLead} />
        </Frame>
      ) : (
        <OneProposal id={id} language={language} onLanguage={choose} onSale={setSale} />
      )}
    </Words>
  );
}

type LanguageChoice = { language: Language; onLanguage: (language: Language) => void };

type OneProposalProps = { id: number; onSale: (language: Language) => void } & LanguageChoice;

function OneProposal({ id, onSale, ...choice }: OneProposalProps) {
  const proposal = useProposal(id);
  const { view, problem } = proposal;
  const title = view?.title;
  const sale = view?.language;
  useEffect(() => {
    if (sale) onSale(sale);
  }, [sale, onSale]);
  useEffect(() => {
    if (title) document.title = title;
  }, [title]);

  return (
    <Frame
      {...choice}
      contractor={view?.contractor.name}
      brand={view?.contractor.brand_color}
      logo={view?.contractor.logo_file_id ? fileAddress(id, view.contractor.logo_file_id) : null}
      loading={view === null && problem === null}
    >
      {view ? (
        <Proposal key={view.id} view={view} proposal={proposal} />
      ) : problem ? (
        <Trouble problem={problem} id={id} onRetry={proposal.reload} />
      ) : (
        <Loading />
      )}
    </Frame>
  );
}

type FrameProps = LanguageChoice & {
  contractor?: string | undefined;
  brand?: string | null | undefined;
  logo?: string | null;
  loading?: boolean;
  children: React.ReactNode;
};

export function Frame({ language, onLanguage, contractor, brand, logo, loading = false, children }: FrameProps) {
  const accent = accentOf(brand);
  const t = TEXTS[language];
  const colors = {
    "--accent-fill": accent.fill,
    "--accent-on-light": accent.onLight,
    "--accent-on-dark": accent.onDark,
  } as React.CSSProperties;
  return (
    <div className="page" style={colors}>
      <a className="skip" href="#now">
        {t.skip}
      </a>
      <header className="top">
        <div className="top-inner">
          <span className="contractor">
            {contractor ? (
              <>
                {logo ? (
                  <img className="logo" src={logo} alt="" />
                ) : (
                  <span className="monogram" aria-hidden="true">
                    {contractor.slice(0, 1)}
                  </span>
                )}
                <span className="contractor-name">{contractor}</span>
              </>
            ) : (
              loading && <span className="bone" style={{ width: "9rem" }} />
            )}
          </span>
          <div className="languages" role="group" aria-label={t.language}>
            <LanguageButton of="en" name="English" short="EN" now={language} onChoose={onLanguage} />
            <LanguageButton of="es" name="Español" short="ES" now={language} onChoose={onLanguage} />
          </div>
        </div>
      </header>
      {children}
    </div>
  );
}

type LanguageButtonProps = {
  of: Language;
  name: string;
  short: string;
  now: Language;
  onChoose: (language: Language) => void;
};

function LanguageButton({ of, name, short, now, onChoose }: LanguageButtonProps) {
  return (
    <button type="button" lang={of} aria-pressed={of === now} onClick={() => onChoose(of)}>
      <abbr title={name}>{short}</abbr>
    </button>
  );
}
