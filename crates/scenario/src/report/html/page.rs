//! The frame of a page.

/// What browsers may load: nothing but the page's own style.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

const STYLE: &str = "
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1c1e21; }
h1 { color: #3b5998; } h3 { margin: 1rem 0 .4rem; } small { color: #606770; }
pre { background: #f5f6f7; padding: .6rem; overflow-x: auto; white-space: pre-wrap; }
pre.fault { border-left: 4px solid #c0392b; }
details { margin: .3rem 0; } .test { border: 1px solid #dddfe2; border-radius: 6px; padding: .5rem .8rem; }
.pass > summary > b { color: #1e7e34; } .fail > summary > b { color: #c0392b; } summary { cursor: pointer; }
table { border-collapse: collapse; } th { text-align: left; font-weight: normal; padding-right: 1rem; color: #606770; }
.phones { display: flex; flex-wrap: wrap; gap: 1rem; }
.phone { width: 17rem; border: 2px solid #1c1e21; border-radius: 1.2rem; padding: .6rem .8rem; background: #fafafa; }
.phone h4 { margin: 0 0 .4rem; text-align: center; }
.phone p { margin: .3rem 0; padding: .4rem .6rem; border-radius: .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.phone p small { display: block; font-size: 11px; } .mine { background: #d8e7ff; margin-left: 2rem !important; }
.theirs { background: #e9ebee; margin-right: 2rem !important; } svg { max-width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; } svg .at { fill: #606770; } svg line { stroke: #dddfe2; }
svg circle { fill: #3b5998; } svg .actor { font-weight: bold; }
";

/// The page with that title and that body, both already escaped.
pub(super) fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width\"/>\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}
