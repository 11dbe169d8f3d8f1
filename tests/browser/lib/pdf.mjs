// SPDX-License-Identifier: MIT
// A plain PDF of so many pages of text, for documents that keep a worker busy.

import fs from "node:fs";

const LINES = 50;

const page = (n) => Array.from({ length: LINES }, (_, i) => {
	const k = n * LINES + i;
	return `(Sentence number ${k} tells of station ${(k * 7) % 1009} on line ${k % 13}.) Tj T*`;
}).join("\n");

export const writePdf = (path, pages) => {
	const objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"];
	const kids = [];

	for (let n = 0; n < pages; n++) {
		const text = `BT /F1 11 Tf 14 TL 60 780 Td\n${page(n)}\nET`;

		kids.push(`${objects.length + 1} 0 R`);
		objects.push(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${objects.length + 2} 0 R >>`,
			`<< /Length ${text.length} >>\nstream\n${text}\nendstream`);
	}
	objects[1] = `<< /Type /Pages /Kids [${kids.join(" ")}] /Count ${pages} >>`;
	let file = "%PDF-1.4\n";
	const at = objects.map((object, i) => {
		const offset = file.length;
		file += `${i + 1} 0 obj\n${object}\nendobj\n`;
		return offset;
	});
	const table = at.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
	file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`;
	fs.writeFileSync(path, file);
	return path;
};
