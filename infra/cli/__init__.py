"""The command line behind `./goldenthread`: one door for everything a person does here."""
