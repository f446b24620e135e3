"""What tokens stand in that is no text: pictures, sounds, graphs."""
