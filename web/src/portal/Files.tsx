/** The contractor's photos with their captions, and papers to read: all part of what is signed. */

import type { ProposalState } from "./useProposal";
import type { PortalView } from "./view";
import { useWords } from "./words";

type FilesProps = { view: PortalView; fileAddress: ProposalState["fileAddress"] };

export function Files({ view, fileAddress }: FilesProps) {
  const { t } = useWords();
  const photos = view.files.filter((file) => file.kind === "photo");
  const papers = view.files.filter((file) => file.kind === "attachment");
  if (view.files.length === 0) return null;
  return (
    <section className="card" aria-labelledby="files">
      <h2 id="files">{t.files}</h2>
      {photos.length > 0 && (
        <ul className="photos">
          {photos.map((photo) => (
            <li key={photo.id}>
              <figure>
                <a href={fileAddress(view.id, photo.id)} target="_blank" rel="noreferrer">
                  <img
                    src={fileAddress(view.id, photo.id)}
                    alt={photo.caption || photo.name}
                    width={photo.width ?? undefined}
                    height={photo.height ?? undefined}
                    loading="lazy"
                  />
                </a>
                {photo.caption && <figcaption lang={view.language}>{photo.caption}</figcaption>}
              </figure>
            </li>
          ))}
        </ul>
      )}
      {papers.length > 0 && (
        <ul className="papers">
          {papers.map((paper) => (
            <li key={paper.id}>
              <a className="paper" href={fileAddress(view.id, paper.id)} target="_blank" rel="noreferrer">
                {paper.caption || paper.name}
              </a>
              <span className="quiet small">{sizeText(paper.size_bytes)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function sizeText(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
