/* SPDX-License-Identifier: MIT */
/* Stop words: the most common words of prose, except those that several languages share. */
#ifndef DOCPROC_LANGUAGE_LANGUAGE_WORDS_H
#define DOCPROC_LANGUAGE_LANGUAGE_WORDS_H

struct stop_words {
	char language[4];
	const char *words; /* separated by single spaces */
};

static const struct stop_words stop_words[] = {
	{ "en",
	  "the of and to in is that it was for on are as with his they at be this have from or "
	  "had by not but what all were we when your can there an which their if will each "
	  "about how up out them then she many some so these would other into has more two him "
	  "could no than been who its now did may after should because such only those between "
	  "through while where both during under same does being before most over also any" },
	{ "de",
	  "der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als auch "
	  "es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über "
	  "einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei hatte "
	  "kann gegen vom können schon wenn seine ihre wir unter ich eines ihr jedoch diese "
	  "dieser dieses sowie zwischen ohne muss keine damit dann mich ihm" },
	{ "fr",
	  "le la les de des du et à en un une est que qui dans pour pas au sur ne se ce il par "
	  "plus sont avec son cette aux ou comme nous vous mais elle leur leurs été être fait "
	  "ont ces tout même si deux entre sans après ainsi dont où peut très aussi ses sa était "
	  "avait je tu ils elles y lui encore moins avant donc chaque sous" },
	{ "es",
	  "el la los las de del y que en un una es por con para se no al lo como más su sus pero "
	  "este esta entre cuando muy sin sobre también hasta hay donde desde todo nos durante "
	  "todos uno les ni contra otros ese eso ante ellos esto antes algunos qué unos otro "
	  "otras fue ser son han está están había era porque cada puede según tiene" },
	{ "it",
	  "il lo la i gli le di del della dei delle dello degli e che in un una uno è per con non "
	  "si da dal dalla al alla alle nel nella come più anche sono ma ha questo questa suo "
	  "sua suoi loro essere stato quando dove molto sulla sul tra fra hanno era ogni dopo "
	  "prima perché così quello quella cui ad ed nei nelle sui può" },
	{ "nl",
	  "de het een en van in te dat die is op met voor niet zijn er aan ook als om bij door "
	  "maar "
	  "uit naar dan nog wordt worden werd over tot ze hij zij wat kan heeft hebben of deze dit "
	  "meer onder tussen geen wel waren waar had hun veel zou zich tegen ik je mijn haar hem "
	  "na moet alle andere elke" },
	{ "pt",
	  "o a os as de do da dos das e que em um uma para com não no na nos nas por se mais como "
	  "mas foi ao aos ele ela entre era depois sem mesmo seus sua seu quem também são pelo "
	  "pela pelos até isso havia muito está esta este já eu só à às há ser ter tem quando "
	  "você num nem suas meu minha têm numa sobre cada pode" },
	{ "sv",
	  "och i att det som en på är av för med den till inte om ett han men var jag från vi så "
	  "kan "
	  "när år man hon under också efter eller nu sig vid de har hade skulle där mot detta ska "
	  "dem bara mellan blev mycket sin över alla sina utan denna mer" },
	{ "da", "og i at det er en til på som med af for den de ikke der var et han har fra jeg "
		"men om vi "
		"havde hun sig ved kan blev efter eller også skal nu over ud da hvor når være op "
		"mellem denne dette meget blive bliver hvis noget alle sin deres uden under mere" },
	{ "no", "og i det er på som en til at av for med den ikke de har et han om var fra men jeg "
		"vi hun "
		"seg ved kan ble etter eller også skal nå over ut da hvor når være opp mellom "
		"denne dette "
		"mye bli blir hvis noe alle sin deres uten under mer ettersom" },
	{ "fi",
	  "ja on ei se että oli hän mutta ovat kun niin myös joka kuin tai ole olla sen jo vain "
	  "sekä mukaan voi nyt jos hänen ne vielä tämä tämän mitä sitä joka jotka kanssa jälkeen "
	  "ennen koska siitä olivat ollut kaikki mikä" },
	{ "pl",
	  "i w na z się nie do to że jest o od po jak za co ale przez przy był dla tym oraz jego "
	  "są które który która była może tylko już czy być jej ich tego także między bez nad pod "
	  "lub było więc gdy ten ta te tych" },
	{ "cs",
	  "a v se na je že s z do o i k ve pro za by ale jako po tak který která které jsem jsou "
	  "nebo byl byla bylo při od už jeho není také co být může mezi až jen však podle této "
	  "tento tato ze ke kde když pouze" },
	{ "tr",
	  "ve bir bu da de için ile olarak daha çok olan en gibi kadar ancak ne o her sonra var "
	  "ama değil oldu ise ya olduğu göre kendi tarafından iki ki mi önce arasında bütün "
	  "hem şey hiç" },
	{ "ro",
	  "și de în a la cu pe nu din o este că un pentru care sunt mai se au prin dar după sau "
	  "fost cum dintre fi ca între are al ale ai lui era această acest lor foarte când până "
	  "iar fără" },
	{ "hu",
	  "a az és hogy nem is egy meg ez ha de van csak már mint volt még el azt ki lehet vagy "
	  "után minden ezt kell volna amely aki pedig között szerint majd ami mert ezek több" },
	{ "ru",
	  "и в не на что он с как это по но из у за от так к для же все было бы о его был она "
	  "или мы они при до также только этого быть может после были если уже чем между под "
	  "который которые без ещё еще" },
	{ "uk",
	  "і в не на що з як це та до за у по від але його для є так був він про або вже бути "
	  "при було під може який які також між після щоб ще й із через" },
	{ "bg", "и на да се в за от не е че с по са той като до ще към при или но които който след "
		"беше това има може още само между както без през са тя" },
	{ "ar", "في من على إلى أن التي عن الذي هذا هذه مع كان ما لا أو بين كل ذلك بعد قد كما هو هي "
		"ثم عند كانت غير حيث وقد لم أي قبل حتى منذ إذا" },
	{ "fa", "و در به از که این را با است برای آن یک خود تا بر بود شد های می شده ها هم کرد نیز "
		"اما یا هر شود دارد باید پس" },
	{ "ur", "کے میں کی ہے اور سے کا کو اس نے کہ پر ہیں یہ کر ایک تھا بھی وہ جو ہو تھے گیا تھی "
		"لیے ان کیا" },
};

#endif
