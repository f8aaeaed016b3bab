using System.Buffers;
using System.Text;

namespace ProxyCluster.GoModules.Names;

/// <summary>
/// The rules that module paths and file paths share, element by element (spec §1). A fault is a fixed phrase, so that
/// rejecting costs nothing until somebody puts it into a sentence.
/// </summary>
internal static class PathElements
{
    private const string Alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private static readonly SearchValues<char> ModulePathChars = SearchValues.Create(Alphanumeric + "-._~");
    private static readonly SearchValues<char> FileNameChars = SearchValues.Create(Alphanumeric + "!#$%&()+,-.=@[]^_{}~ ");

    /// <summary>What is wrong with one element of a module path, or null.</summary>
    public static string? ModulePathFaultOrNull(ReadOnlySpan<char> element)
    {
        if (DotFaultOrNull(element) is { } fault)
            return fault;
        if (element[0] == '.')
            return "an element starts with a dot";
        if (element.ContainsAnyExcept(ModulePathChars))
            return "only ASCII letters, digits and - . _ ~ may stand in it";

        var stem = Stem(element);
        if (IsWindowsDevice(stem))
            return "an element is a Windows device name";

        // NAME~1 could be the short name that Windows gives another file.
        var tilde = stem.LastIndexOf('~');
        return tilde >= 0 && tilde < stem.Length - 1 && !stem[(tilde + 1)..].ContainsAnyExceptInRange('0', '9')
            ? "an element looks like a Windows short name (tilde and digits)"
            : null;
    }

    /// <summary>What is wrong with one element of a file path, or null.</summary>
    public static string? FilePathFaultOrNull(ReadOnlySpan<char> element)
    {
        if (DotFaultOrNull(element) is { } fault)
            return fault;

        var odd = element.IndexOfAnyExcept(FileNameChars);
        if (odd >= 0 && !RestIsLetters(element[odd..]))
            return "a character is not allowed in file names";
        return IsWindowsDevice(Stem(element)) ? "an element is a Windows device name" : null;
    }

    private static string? DotFaultOrNull(ReadOnlySpan<char> element)
    {
        if (element.IsEmpty)
            return "an element is empty";
        if (!element.ContainsAnyExcept('.'))
            return "an element consists of dots";
        return element[^1] == '.' ? "an element ends with a dot" : null;
    }

    private static bool RestIsLetters(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            // An unpaired surrogate stands for bytes that were no UTF-8.
            if (Rune.DecodeFromUtf16(text, out var rune, out var used) != OperationStatus.Done)
                return false;
            if (rune.IsAscii ? !FileNameChars.Contains(text[0]) : !GoUnicode.IsLetter(rune.Value))
                return false;
            text = text[used..];
        }

        return true;
    }

    private static ReadOnlySpan<char> Stem(ReadOnlySpan<char> element)
    {
        var dot = element.IndexOf('.');
        return dot < 0 ? element : element[..dot];
    }

    private static bool IsWindowsDevice(ReadOnlySpan<char> stem) => stem.Length switch
    {
        3 => Is(stem, "con") || Is(stem, "prn") || Is(stem, "aux") || Is(stem, "nul"),
        4 => stem[3] is >= '1' and <= '9' && (Is(stem[..3], "com") || Is(stem[..3], "lpt")),
        _ => false,
    };

    private static bool Is(ReadOnlySpan<char> text, string name) => text.Equals(name, StringComparison.OrdinalIgnoreCase);
}
