/**
 * English function words: articles, pronouns, prepositions, conjunctions, auxiliaries and the adverbs that join sentences.
 * They carry no topic, so they separate key phrases. Contractions stand as the word segmenter gives them.
 */
export const stopWords: ReadonlySet<string> = new Set(
  `a about above across after afterwards again against all almost alone along already also although always am among
  amongst an and another any anybody anyhow anyone anything anyway anywhere apart are aren't around as aside at away be
  became because become becomes becoming been before beforehand behind being below beside besides between beyond both but
  by can can't cannot could couldn't did didn't do does doesn't doing don't done down due during each either else elsewhere
  enough especially etc even ever every everybody everyone everything everywhere except far few for former formerly from
  further furthermore gave get gets getting give given gives giving goes going gone got had hadn't has hasn't have haven't
  having he he'd he'll he's hence her here here's hereafter hereby herein hers herself him himself his how how's however i
  i'd i'll i'm i've ie if in indeed inside instead into is isn't it it's its itself just keep kept last later latter least
  less let let's like likely made mainly make makes making many may maybe me meanwhile might mine more moreover most mostly
  much must mustn't my myself namely near nearly need needed needs neither never nevertheless next no nobody none nonetheless nor not nothing
  now nowhere of off often on once one ones only onto or other others otherwise ought our ours ourselves out outside over
  own per perhaps please put quite rather re really regarding same say saying says see seem seemed seeming seems seen
  several shall shan't she she'd she'll she's should shouldn't since so some somebody somehow someone something sometime
  sometimes somewhat somewhere still such take taken takes taking than that that's the their theirs them themselves then
  thence there there's thereafter thereby therefore therein thereupon these they they'd they'll they're they've this those
  though through throughout thus till to together too took toward towards under unless unlike until up upon us use used
  uses using usually various very via want wants was wasn't way we we'd we'll we're we've well went were weren't what
  what's whatever when when's whence whenever where where's whereafter whereas whereby wherein whereupon wherever whether
  which whichever while whither who who's whoever whole whom whose why why's will with within without won't would wouldn't
  yes yet you you'd you'll you're you've your yours yourself yourselves`.split(/\s+/),
);
