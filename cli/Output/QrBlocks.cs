using System.Text;
using QRCoder;

namespace Kavalek.Cli.Output;

/// <summary>A QR code in half-block characters: two modules a cell, so that it comes out square.</summary>
static class QrBlocks
{
    /// <summary>Modules of light border that scanners need around the code.</summary>
    const int Quiet = 2;

    /// <summary>The rows of the code, drawn light on dark as terminals mostly are: a full block is a light module.</summary>
    public static IReadOnlyList<string> Rows(string content)
    {
        using QRCodeData code = QRCodeGenerator.GenerateQrCode(Encoding.UTF8.GetBytes(content), QRCodeGenerator.ECCLevel.M);
        int size = code.ModuleMatrix.Count;         // QRCoder adds a border of 4 of its own
        const int Border = 4 - Quiet;
        var rows = new List<string>();
        var row = new StringBuilder();
        for (int y = Border; y < size - Border; y += 2)
        {
            row.Clear();
            for (int x = Border; x < size - Border; x++)
            {
                bool upper = !code.ModuleMatrix[y][x];
                bool lower = y + 1 >= size - Border || !code.ModuleMatrix[y + 1][x];
                row.Append((upper, lower) switch { (true, true) => '█', (true, false) => '▀', (false, true) => '▄', _ => ' ' });
            }
            rows.Add(row.ToString());
        }
        return rows;
    }
}
